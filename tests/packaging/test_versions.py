"""Bounds, pins and README's table of what was run agree."""
from __future__ import annotations

from configparser import ConfigParser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PYTHONS = ['3.10', '3.11', '3.12']


def options() -> dict[str, str]:
    parser = ConfigParser(interpolation=None)
    parser.read(ROOT / 'setup.cfg')
    return parser['options']


def bounds() -> dict[str, SpecifierSet]:
    """What an installation needs, with Python's own bounds."""
    needed = map(Requirement,
                 options()['install_requires'].strip().splitlines())
    return dict({one.name: one.specifier for one in needed},
                Python=SpecifierSet(options()['python_requires']))


def pins(python: str) -> dict[str, SpecifierSet]:
    """What tools/setup_env.sh installs for that version of Python."""
    lines = (ROOT / 'tools/constraints.txt').read_text().splitlines()
    pinned = [Requirement(line) for line in lines if line[:1] not in ('', '#')]
    return {one.name: one.specifier for one in pinned
            if not one.marker or one.marker.evaluate(dict(
                python_version=python))}


def table() -> list[dict[str, Version]]:
    """README's rows of versions, without the results."""
    lines = (ROOT / 'README.md').read_text().splitlines()
    start = next(i for i, line in enumerate(lines)
                 if line.startswith('| Python |'))
    rows = []
    for line in lines[start:]:
        if not line.startswith('|'):
            break
        rows.append([cell.strip() for cell in line.strip('|').split('|')])
    return [{name: Version(cell) for name, cell in zip(rows[0], row)
             if name in bounds()} for row in rows[2:]]


def version_of(pin: SpecifierSet) -> Version:
    exact, = pin
    assert exact.operator == '=='
    return Version(exact.version)


def least(bound: SpecifierSet) -> Version:
    return next(Version(one.version) for one in bound if one.operator == '>=')


@pytest.mark.parametrize('python', PYTHONS)
def test_pins_are_within_the_bounds(python):
    found, needed = pins(python), bounds()
    assert needed.pop('setuptools') == found['setuptools']
    needed.pop('Python')
    for name, bound in needed.items():
        assert version_of(found[name]) in bound, name


def test_table_begins_at_the_bounds():
    first = table()[0]
    assert {'Python', 'torch', 'torchvision', 'numpy'} <= first.keys()
    assert first == {name: least(bounds()[name]) for name in first}


def test_table_holds_each_python_and_the_pins():
    rows = table()
    assert [str(row['Python']) for row in rows] == PYTHONS
    assert all(row[name] in bounds()[name] for row in rows for name in row)
    assert any(all(version in pins(str(row['Python']))[name]
                   for name, version in row.items() if name != 'Python')
               for row in rows)
