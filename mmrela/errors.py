"""The one exception that stands for a user's mistake."""
from __future__ import annotations


class UserError(ValueError):
    """A mistake that the user can mend.

    The message is one sentence that names the file or key and the cure;
    the command-line tools print it without a traceback and exit with 2.
    """

    def __init__(self, message: str) -> None:
        # A loader's worker sends its whole traceback as the message.
        sentence = message.rpartition(f'.{type(self).__name__}: ')[2]
        super().__init__(' '.join(sentence.split()))


class BadImageError(UserError):
    """One image that cannot be read or preprocessed, as others may."""


def said(error: Exception) -> str:
    """What somebody else's code raised, on one line, for a message."""
    lines = str(error).splitlines() or ['']
    # A loader's worker sends its whole traceback, the message at its end.
    line = lines[-1] if lines[0].startswith('Caught ') else lines[0]
    return line if type(error).__name__ in line else (
        f'{type(error).__name__}: {line}')
