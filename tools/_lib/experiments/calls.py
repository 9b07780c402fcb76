"""Calls of the tools, under a lock and a limit of time."""
from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

MARGIN = 20  # seconds of the limit that are left for stopping
GRACE = 10  # seconds that a stopped tool has to end by itself


class TimeOverError(Exception):
    """The time that the user gave is over."""


class NotDoneError(Exception):
    """Why a run has no result: a sentence."""


@dataclass
class Clock:
    """When to stop, in seconds of ``time.monotonic``."""
    end: float = float('inf')

    @classmethod
    def of(cls, minutes: float | None) -> Clock:
        """Stops a little before so many minutes are over."""
        if not minutes:
            return cls()
        return cls(time.monotonic() + 60 * minutes - MARGIN)

    def left(self) -> float | None:
        """Seconds left, ``None`` without a limit.

        Raises:
            TimeOverError: there are none.
        """
        seconds = self.end - time.monotonic()
        if seconds <= 0:
            raise TimeOverError
        return None if seconds == float('inf') else seconds


def call(tool: str, *arguments: str, done: Path, clock: Clock,
         lock: int) -> None:
    """Run a tool, unless the file that it leaves is there already.

    Raises:
        TimeOverError: it was stopped.
        NotDoneError: it failed.
    """
    if done.exists():
        return
    left = clock.left()
    command = [f'tools/{tool}.py', *arguments]
    print(f'\n$ python {shlex.join(command)}', flush=True)
    child = subprocess.Popen(
        [sys.executable, '-W', 'ignore', *command],
        pass_fds=[lock] * (os.name == 'posix'))
    try:
        code = child.wait(left)
    except subprocess.TimeoutExpired:
        raise TimeOverError from None
    finally:
        _stop(child)
    if code:
        raise NotDoneError(f'{tool}.py ended with exit code {code}')


def _stop(child: subprocess.Popen) -> None:
    if child.poll() is None:
        child.send_signal(signal.SIGINT)
        try:
            child.wait(GRACE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
