"""How every tool ends: exit code 2 and one sentence for a user's mistake."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable
from typing import NoReturn

# mmcv-lite and mmengine warn whenever they are imported.
for _message in ('Fail to import ``MultiScale', 'pkg_resources is deprecated'):
    warnings.filterwarnings('ignore', _message)


class ToolError(ValueError):
    """A user's mistake, for tools that run without importing ``mmrela``."""


def positive(text: str) -> int:
    """An argument that counts something."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError('must be at least 1')
    return number


def run(main: Callable[[], int | None]) -> NoReturn:
    """Call a tool's ``main`` and leave the process with its exit code.

    Args:
        main: returns the exit code; ``None`` means 0.

    Raises:
        SystemExit: 2 after a user's mistake, which is printed to stderr as
            ``error: <sentence>``; 130 after Ctrl-C; else what ``main`` gave.
    """
    try:
        code = main()
    except KeyboardInterrupt:
        code = 130
    except _user_errors() as error:
        print(f'error: {error}', file=sys.stderr)
        code = 2
    sys.exit(code)


def _user_errors() -> tuple[type[Exception], ...]:
    # Whoever raised a UserError has imported its module already, so this
    # never costs the seconds that ``import mmrela`` takes.
    module = sys.modules.get('mmrela.errors')
    return (ToolError, module.UserError) if module else (ToolError,)
