"""Carries out runs of a table: targets, training, linear probe."""
from __future__ import annotations

import fcntl
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .table import Run

GRACE = 10  # seconds that a stopped tool has to end by itself


class TimeOverError(Exception):
    """The time that the user gave is over."""


class NotDoneError(Exception):
    """Why a run has no result: a sentence."""


@dataclass
class Clock:
    """When to stop, in seconds of ``time.monotonic``."""
    end: float = float('inf')

    def left(self) -> float | None:
        """Seconds left, ``None`` without a limit.

        Raises:
            TimeOverError: there are none.
        """
        seconds = self.end - time.monotonic()
        if seconds <= 0:
            raise TimeOverError
        return None if seconds == float('inf') else seconds


@contextmanager
def locked(file: Path) -> Iterator[int | None]:
    """A lock among processes, ``None`` if another one has it.

    A tool that inherits the descriptor keeps the lock when this process is
    killed, so that nobody starts the same work beside it.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(file, 'w') as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        yield handle.fileno()


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
        [sys.executable, '-W', 'ignore', *command], pass_fds=[lock])
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


def carry_out(run: Run, clock: Clock) -> None:
    """Do what is left of a run: targets, training, linear probe.

    Raises:
        TimeOverError: not all of it was done.
        NotDoneError: a tool failed, or the run must wait for another one.
    """
    with locked(run.work_dir / 'lock') as lock:
        if lock is None:
            raise NotDoneError('another process is at it')
        if not run.is_current():
            raise NotDoneError('its config was edited meanwhile: give the '
                               'command again')
        if run.generation:
            make_targets(run, clock)
        network = ['--prior', f'random:{run.seed}']
        if run.epochs:
            call('train', run.config, '--work-dir', str(run.work_dir),
                 '--resume', *run.cfg_options,
                 done=run.work_dir / 'train.json', clock=clock, lock=lock)
            network = [str(run.checkpoint)]
        file = run.work_dir / 'probe.json'
        call('linear_probe', run.config, *network, '--epochs',
             str(run.probe_epochs), '--seed', str(run.seed), '--out',
             str(file), *run.cfg_options, done=file, clock=clock, lock=lock)
        for leftover in (*run.work_dir.glob('*.tmp'),
                         *run.work_dir.glob('epoch_*.pth')):
            if leftover != run.checkpoint:
                leftover.unlink()


def make_targets(run: Run, clock: Clock) -> None:
    """Generate the run's targets, or wait until another process has."""
    file = run.store.with_suffix('.lock')
    while True:
        with locked(file) as lock:
            if lock is not None:
                call('gen_targets', run.config, *_prior(run), '--out',
                     str(run.store), *run.cfg_options,
                     done=run.store / 'meta.json', clock=clock, lock=lock)
                return
        clock.left()
        time.sleep(1)


def _prior(run: Run) -> list[str]:
    """``gen_targets.py``'s arguments for the prior."""
    arguments = dict(run.generation)
    if run.source:
        del arguments['of']
        if not (run.source.work_dir / 'train.json').exists():
            raise NotDoneError(f'it waits for the row {run.source.row!r}, '
                               'whose network is its prior')
        config = next(run.source.work_dir.glob('*.py'))
        arguments['prior'] = f'checkpoint:{config},{run.source.checkpoint}'
    return [text for key, value in arguments.items()
            for text in (f'--{key.replace("_", "-")}', str(value))]
