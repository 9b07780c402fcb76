"""Sections of configs/experiments/README.md, as far as a tool writes them."""
from __future__ import annotations

from pathlib import Path

from mmengine.config import Config

from mmrela.files.atomic import write_atomically

from .summary import draw_rows, markdown

END = '<!-- above: tools/experiment.py --report; below: by hand -->\n'


def section(table: Config, size: str, rows: dict[str, list[dict]]) -> str:
    """What the tool writes of a table at a size, see ``markdown``."""
    name = Path(table.filename).stem
    return (f'### `{name}`, {size}\n\n{table.title}.\n\n'
            f'![Accuracies of the rows]({name}_{size}.png)\n\n'
            f'{markdown(table, size, rows).rstrip()}\n\n{END}')


def replaced(text: str, new: str) -> str:
    """A page with a section renewed, or added at its end.

    What was written by hand below the old section stays.
    """
    heading = new[:new.index('\n') + 1]
    start = text.find(heading)
    if start < 0:
        return f'{text.rstrip()}\n\n{new}'
    return text[:start] + new + text[text.index(END, start) + len(END):]


def publish(table: Config, size: str, rows: dict[str, list[dict]],
            file: Path) -> None:
    """Write the section of a page, and its picture beside the page."""
    new = section(table, size, rows)
    write_atomically(file, replaced(file.read_text(), new).encode())
    draw_rows(table, rows,
              file.with_name(f'{Path(table.filename).stem}_{size}.png'))
