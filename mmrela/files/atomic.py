"""Writes files so that a reader finds all of one or nothing.

All writing is by ordinary calls: on a full disk they raise an error, while
a memory map would kill the process.
"""
from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from ..errors import UserError


@contextmanager
def replacing(file: Path) -> Iterator[BinaryIO]:
    """A file to write, which takes the place of ``file`` when it is whole.

    It gets the mode of the file that was there; of a link it replaces what
    the link points to, and into a pipe or device it writes at once. Its
    directory is made. After an error nothing is left behind.

    Raises:
        UserError: the disk is full or fails.
    """
    with _sentence(file):
        mode = _mode(file)
        if mode is None or stat.S_ISREG(mode):
            with _temporary(Path(os.path.realpath(file)), mode) as f:
                yield f
        else:
            with open(file, 'wb') as f:
                yield f


def _mode(file: Path) -> int | None:
    with suppress(FileNotFoundError):
        return os.stat(file).st_mode
    return None


@contextmanager
def _temporary(file: Path, mode: int | None) -> Iterator[BinaryIO]:
    # Neither a thread nor another machine may write under the same name.
    temporary = file.with_name(f'{file.name}.{secrets.token_hex(8)}.tmp')
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, 'xb') as f:
            if mode not in (None, os.fstat(f.fileno()).st_mode):
                os.fchmod(f.fileno(), stat.S_IMODE(mode))
            yield f
            f.flush()
            os.fsync(f.fileno())
        os.replace(temporary, file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync(file.parent)


def write_atomically(file: Path, content: bytes) -> None:
    """Write a file so that a reader finds all of it or nothing.

    Raises:
        UserError: the disk is full or fails.
    """
    with replacing(file) as f:
        f.write(content)


def remove_leftovers(directory: str | os.PathLike) -> None:
    """Remove what killed processes had begun to write by :func:`replacing`.

    Nobody else may be writing there now; two trainings in one directory
    would replace each other's checkpoints anyway.

    Raises:
        UserError: a file cannot be removed.
    """
    for file in Path(directory).glob('*.tmp'):
        if re.search(r'.\.[0-9a-f]{16}\.tmp$', file.name) and file.is_file():
            with _sentence(file):
                file.unlink(missing_ok=True)


def append_line(file: Path, line: bytes) -> None:
    """Append a line for good, on a line of its own after a torn one.

    Raises:
        UserError: the disk is full or fails.
    """
    with _sentence(file), open(file, 'ab') as f:
        f.write(b'\n' * (f.tell() > 0) + line)
        f.flush()
        os.fsync(f.fileno())


def _sync(directory: Path) -> None:
    """Make a rename last through a power failure, where that can be asked.

    Some file systems know no such thing, and some directories let one
    write but not look.
    """
    try:
        handle = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as e:
        if e.errno in (errno.EIO, errno.ENOSPC, errno.EDQUOT):
            raise


@contextmanager
def _sentence(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as e:
        raise UserError(f'cannot write {file} ({e.strerror or e}): make '
                        'room or mend it, and run the same command again'
                        ) from e
