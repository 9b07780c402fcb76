"""``mmrela COMMAND …``: the files of tools/, wherever they were installed."""
from __future__ import annotations

import ast
import runpy
import sys
from importlib import metadata
from pathlib import Path

from .home import HOME
from .spelling import nearest
from .version import __version__

# Shorter than their files' names, which do as well.
SHORT = dict(
    check_targets='check', export_backbone='export', gen_targets='targets',
    linear_probe='probe', plot_run='plot', rank_priors='rank',
    show_targets='show')
BESIDE = 'mmpretrain', 'mmengine', 'torch'


def commands() -> dict[str, Path]:
    """Name -> file of each tool."""
    files = sorted((HOME / 'tools').glob('[!_]*.py'))
    return {SHORT.get(file.stem, file.stem): file for file in files}


def main() -> None:
    """Run the tool that the first argument names on the others.

    Raises:
        SystemExit: the tool's; 2 if there is no such tool.
    """
    name, *rest = sys.argv[1:] or ['--help']
    if name in ('-h', '--help', '--version'):
        print(versions() if name == '--version' else _help())
        return
    found = commands()
    file = found.get(name) or {f.stem: f for f in found.values()}.get(name)
    if file is None:
        near = nearest(name, found)
        cure = f'is {near} meant?' if near else 'see mmrela --help'
        print(f'error: there is no command {name}: {cure}', file=sys.stderr)
        sys.exit(2)
    sys.argv = [str(file), *rest]
    sys.path.insert(0, str(file.parent))  # as if Python had been given it
    runpy.run_path(str(file), run_name='__main__')


def _help() -> str:
    rows = [f'  {name:<22}{_purpose(file)}'
            for name, file in commands().items()]
    return '\n'.join(['usage: mmrela COMMAND … (COMMAND --help tells more)',
                      '       mmrela --version', '', *rows])


def _purpose(file: Path) -> str:
    text = ast.get_docstring(ast.parse(file.read_text('utf-8'))) or ''
    return text.partition('\n')[0]


def versions() -> str:
    """One line on this package and those beside it."""
    parts = [f'mmrela {__version__}']
    for name in BESIDE:
        try:
            parts.append(f'{name} {metadata.version(name)}')
        except metadata.PackageNotFoundError:
            parts.append(f'no {name}')
    return f'{", ".join(parts)}, Python {sys.version.split()[0]}'


if __name__ == '__main__':
    main()
