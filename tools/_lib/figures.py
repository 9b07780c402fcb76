"""Pictures in files."""
from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from .cli import ToolError


def save(figure: Figure, file: Path, **settings: Any) -> None:
    """Write a figure; its directory is made.

    Args:
        figure: To write.
        file: Where to; its ending says how.
        settings: Of matplotlib's ``savefig``.

    Raises:
        ToolError: there is no such kind of picture, or it cannot be written.
    """
    kinds = figure.canvas.get_supported_filetypes()
    if file.suffix and file.suffix[1:].lower() not in kinds:
        raise ToolError(f'{file} is no name of a picture: let it end in .png')
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file, **settings)
    except OSError as e:
        raise ToolError(f'cannot write {file} ({e.strerror or e}): make room, '
                        'or name another place') from e
