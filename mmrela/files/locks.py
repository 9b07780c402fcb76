"""Work that two processes must not do at once."""
from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TextIO
from weakref import WeakSet

from filelock import lock_descriptor

from ..errors import UserError

_held: WeakSet[TextIO] = WeakSet()


def _let_go() -> None:
    for handle in [*_held]:
        handle.close()


if hasattr(os, 'register_at_fork'):  # Windows knows no forks
    os.register_at_fork(after_in_child=_let_go)


@contextmanager
def locked(file: Path, wait: bool = False) -> Iterator[int | None]:
    """A lock among processes, ``None`` if another one has it.

    It ends with its process, however that dies: forks, such as a loader's
    workers, have no part in it. On a file system that knows no locks all
    are let in.

    Args:
        file: Tells who has the lock, and is removed in the end; its
            directory is made.
        wait: Until the other one has let it go.

    Yields:
        The descriptor. A program that is started with it keeps the lock
        when this process is killed.

    Raises:
        OSError: the file cannot be made.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = _acquire(file, wait)
    if handle is None:
        yield None
        return
    with handle:
        try:
            yield handle.fileno()
        finally:
            with suppress(PermissionError):  # Windows, while it is open
                file.unlink(missing_ok=True)


@contextmanager
def alone(directory: Path, cure: str) -> Iterator[None]:
    """Be the only process that writes to a directory.

    Args:
        directory: It is made. One that cannot be written to needs no lock.
        cure: Ends the sentence.

    Raises:
        UserError: another one writes there; says which.
    """
    file = directory / '.lock'
    lock: int | None = -1
    with ExitStack() as stack:
        with suppress(OSError):
            lock = stack.enter_context(locked(file))
        if lock is None:
            owner = 'another process'
            with suppress(OSError):  # it has just ended
                owner = file.read_text() or owner
            raise UserError(f'{owner} is writing to {directory}: {cure}')
        yield


def _acquire(file: Path, wait: bool) -> TextIO | None:
    while True:
        handle = open(file, 'a')
        if not _take(handle, wait):
            handle.close()
            return None
        if _is_there(handle, file):
            # On a full disk, what Python holds would fail again on closing.
            with suppress(OSError):
                handle.truncate(0)
                os.write(handle.fileno(), f'process {os.getpid()} on '
                         f'{socket.gethostname()}'.encode())
            _held.add(handle)
            return handle
        handle.close()  # its former owner removed it meanwhile


def _is_there(handle: TextIO, file: Path) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(handle.fileno()), file.stat())
    return False


def _take(handle: TextIO, wait: bool) -> bool:
    try:
        return lock_descriptor(handle.fileno(), blocking=wait)
    except OSError:  # ENOLCK and the like
        return True
