"""Reads files that may hold anything: nothing unpickled, no memory bomb."""
from __future__ import annotations

import json
import os
import stat
import zipfile
from pathlib import Path
from typing import IO

import numpy as np

MAX_BYTES = 1 << 24  # of JSON: checksums of 10⁹ samples fit


class DamagedError(ValueError):
    """A file that is not what it should be; the message says why."""


def size_of(file: Path) -> int:
    """Bytes of a plain file; a pipe or device would block its reader.

    Raises:
        DamagedError: there is no such file.
    """
    try:
        status = os.stat(file)
    except OSError as e:
        raise DamagedError(e.strerror or 'it cannot be read') from e
    if not stat.S_ISREG(status.st_mode):
        raise DamagedError('it is no plain file')
    return status.st_size


def read_json(file: Path, keys: dict[str, type], room: int = 0) -> dict:
    """A JSON object with ``keys`` of exactly these types, maybe more.

    Args:
        file: Its name.
        keys: What it must hold.
        room: Bytes that it may have beside those of all JSON.

    Raises:
        DamagedError: anything else is there.
    """
    if size_of(file) > MAX_BYTES + room:
        raise DamagedError('it is too large')
    try:
        content = json.loads(file.read_bytes())
        for key, kind in keys.items():
            if type(content[key]) is not kind:
                raise TypeError(f'{key} is no {kind.__name__}')
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as e:
        raise DamagedError(f'{type(e).__name__}: {e}') from e
    return content


def map_array(file: Path) -> np.ndarray:
    """The array of an ``.npy`` file, mapped read-only, never loaded.

    Raises:
        DamagedError: the file holds no array, or not as much as it says.
    """
    size = size_of(file)
    try:
        with np.errstate(over='ignore'):  # a lying shape
            array = np.lib.format.open_memmap(file, mode='r')
        if array.offset + array.nbytes != size:
            raise ValueError('its size is not what its header says')
    except Exception as e:  # numpy parses the header as Python
        raise DamagedError(f'{type(e).__name__}: {e}') from e
    return array.view(np.ndarray)  # indexing a memmap itself is slow


def check_npz(file: Path) -> None:
    """Make sure that ``np.load`` of an ``.npz`` takes no more than its size.

    Raises:
        DamagedError: it is no archive, is compressed, or lies.
    """
    size = size_of(file)
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > size:
                raise ValueError('it unpacks to more than its size')
            for member in members:
                with archive.open(member) as f:
                    _check_member(f, member.file_size)
    except Exception as e:  # numpy parses headers as Python
        raise DamagedError(f'{type(e).__name__}: {e}') from e


def _check_member(f: IO[bytes], size: int) -> None:
    version = np.lib.format.read_magic(f)
    if version != (1, 0):
        raise ValueError('a header of another version')
    shape, _, dtype = np.lib.format.read_array_header_1_0(f)
    count = 1
    for side in shape:  # Python's integers do not overflow
        count *= side
    if dtype.hasobject or f.tell() + count * dtype.itemsize != size:
        raise ValueError('a header that lies')
