"""Pieces of HTML."""
from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from io import BytesIO

from PIL import Image

SIDE = 96  # pixels of a picture's shorter side, at most
COLORS = 8  # of the style sheet


def tile(value: str, what: str) -> str:
    """A number that one should see first."""
    return f'<div class="tile"><b>{escape(value)}</b>' \
        f'<span>{escape(what)}</span></div>'


def note(sentence: str) -> str:
    """Why something is not there."""
    return f'<p class="note">{escape(sentence)}</p>'


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table, which scrolls by itself where it is too wide."""
    cells = _row('th', head) + ''.join(_row('td', row) for row in rows)
    return f'<div class="scroll"><table>{cells}</table></div>'


def _row(kind: str, cells: Iterable[object]) -> str:
    return '<tr>' + ''.join(
        f'<{kind}>{escape(str(cell))}</{kind}>' for cell in cells) + '</tr>'


def legend(names: Iterable[tuple[str, str]]) -> str:
    """Classes of marks, such as ``c0``, and what they stand for."""
    return '<ul class="legend">' + ''.join(
        f'<li><i class="{kind}"></i>{escape(name)}</li>'
        for kind, name in names) + '</ul>'


def picture(image: Image.Image, text: str, kind: str = '') -> str:
    """An image within the page, small pictures as they are.

    Args:
        image: RGB.
        text: For those who cannot see it.
        kind: Its class.
    """
    image, buffer = image.copy(), BytesIO()
    scale = SIDE / min(image.size)
    if scale < 1:
        image = image.resize([max(1, round(scale * x)) for x in image.size])
    format_ = 'png' if scale >= 1 else 'jpeg'
    image.save(buffer, format_, quality=85)
    data = b64encode(buffer.getvalue()).decode()
    return (f'<img class="{kind}" alt="{escape(text)}" src="data:image/'
            f'{format_};base64,{data}">')
