"""configs/README.md shows what configs/experiments/results.jsonl holds."""
from __future__ import annotations

import pytest
from calls import ROOT

from _lib.experiments import summary as _summary
from _lib.experiments.results import results
from _lib.experiments.table import load_table, plan

README = (ROOT / 'configs/README.md').read_text()
SECTIONS = {title.strip('` \n'): text for title, _, text in (
    part.partition('\n') for part in README.split('### ')[1:])}


def rows_of(text: str) -> set[str]:
    """Rows of tables that show a result."""
    return {line for line in text.splitlines()
            if line.startswith('| ') and not line.endswith('|  |')
            and not line.endswith('| |') and not line.startswith('| row ')}


def test_each_table_with_results_has_a_section():
    found = results(ROOT / 'configs/experiments/results.jsonl')
    assert {line['table'] for line in found.values()} <= set(SECTIONS)


@pytest.mark.parametrize('name', SECTIONS)
def test_rows_are_those_of_the_results(name, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(_summary, 'draw', lambda *_: None)
    table = load_table(name)
    text = _summary.write_summary(
        table, 'small', plan(table, 'small', tmp_path),
        results(ROOT / 'configs/experiments/results.jsonl'), tmp_path)
    assert rows_of(text) == rows_of(SECTIONS[name])
    assert rows_of(text)
