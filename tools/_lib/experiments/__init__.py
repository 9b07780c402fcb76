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
        raise ToolError(f'no table at {file}: {FOLDER} holds '
                        + ', '.join(f.stem for f in FOLDER.glob('*.py')))
    return file
