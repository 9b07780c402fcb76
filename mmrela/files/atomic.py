"""Writes files so that a reader finds all of one or nothing.

All writing is by ordinary calls: on a full disk they raise an error, while
a memory map would kill the process.
"""
from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ..errors import UserError


@contextmanager
def replacing(file: Path) -> Iterator[BinaryIO]:
    """A file to write, which takes the place of ``file`` when it is whole.

    Its directory is made. After an error nothing is left behind.

    Raises:
        UserError: the disk is full or fails.
    """
    temporary = file.with_name(f'{file.name}.{os.getpid()}.tmp')
    with _sentence(file):
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with open(temporary, 'wb') as f:
                yield f
                f.flush()
                os.fsync(f.fileno())
            os.replace(temporary, file)
            _sync(file.parent)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


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
        if re.search(r'.\.\d+\.tmp$', file.name) and file.is_file():
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
    """Make a rename last through a power failure."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _sentence(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as e:
        raise UserError(f'cannot write {file} ({e.strerror or e}): make '
                        'room or mend it, and run the same command again'
                        ) from e
