"""What was meant by a name that is not known."""
from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, known: Iterable[str], likeness: float = 0.6) -> str:
    """The known name that is most like a word; empty if none is.

    Args:
        word: As the user spelt it.
        known: What there is.
        likeness: How much of both must agree, 0 to 1.
    """
    return next(iter(get_close_matches(word, [*known], 1, likeness)), '')


def meant(word: str, known: Iterable[str], before: str = '') -> str:
    """A question to put behind an error, or nothing if no name is near.

    Args:
        word: As the user spelt it.
        known: What there is.
        before: What stands before the name in the user's own line.
    """
    near = nearest(word, known)
    return f' (is {before}{near} meant?)' if near else ''
