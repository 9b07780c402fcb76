"""Tables in Markdown."""
from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table without a line break at its end."""
    rule = '|---' * len(head) + '|'
    first, *others = (f'| {" | ".join(map(str, row))} |'
                      for row in (head, *rows))
    return '\n'.join([first, rule, *others])
