"""Runs of the tables in configs/experiments."""
from __future__ import annotations

from pathlib import Path

from ..cli import ToolError

FOLDER = Path('configs/experiments')


def find_table(name: str) -> Path:
    """A table by its name, or by its path if that ends in ``.py``.

    Raises:
        ToolError: there is none.
    """
    file = Path(name) if name.endswith('.py') else FOLDER / f'{name}.py'
    if not file.is_file():
        from mmrela.spelling import meant
        tables = [f.stem for f in FOLDER.glob('*.py')]
        raise ToolError(f'no table at {file}{meant(file.stem, tables)}: '
                        f'{FOLDER} holds {", ".join(tables)}')
    return file
