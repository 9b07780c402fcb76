"""What of the features is done, as each rank wrote it down."""
from __future__ import annotations

import re
import zlib
from collections import defaultdict
from pathlib import Path

from ..errors import UserError
from ..files.atomic import append_line
from ..files.untrusted import MAX_BYTES, DamagedError, size_of

_SECONDS = re.compile(rb'\d+\.\d{3}')
_ENTRY = re.compile(rb'(\d{1,9} [0-9a-f]{32} \d{1,9}) ([0-9a-f]{8})')


def record(directory: Path, rank: int, block: int, checksum: str,
           unreadable: int) -> None:
    """Call a block done, for good.

    Args:
        directory: Where the blocks are.
        rank: Who did it: each rank writes a file of its own.
        block: Which one.
        checksum: Of its rows.
        unreadable: Images in it that could not be read.

    Raises:
        UserError: the disk is full or fails.
    """
    entry = f'{block} {checksum} {unreadable}'.encode()
    append_line(directory / f'journal-{rank}',
                entry + b' %08x' % zlib.crc32(entry))


def recorded(directory: Path) -> dict[int, dict[str, int]]:
    """Unreadable images by checksum by block, from all ranks.

    A line that does not fit its CRC, as a torn last one, is ignored.

    Raises:
        UserError: a journal is no plain file, or far too large.
    """
    done: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for file in sorted(directory.glob('journal-*')):
        try:
            if size_of(file) > MAX_BYTES:
                raise DamagedError('it is too large')
        except DamagedError as e:
            raise damaged(file, e) from e
        for entry in map(_ENTRY.fullmatch, file.read_bytes().split(b'\n')):
            if entry and int(entry[2], 16) == zlib.crc32(entry[1]):
                block, checksum, unreadable = entry[1].decode().split()
                done[int(block)][checksum] = int(unreadable)
    return done


def took(directory: Path, seconds: float) -> None:
    """Add to what the pass over the images has taken so far.

    Raises:
        UserError: the disk is full or fails.
    """
    append_line(directory / 'seconds', b'%.3f' % seconds)


def seconds_of(directory: Path) -> float:
    """What all calls of :func:`took` add up to; a torn line is ignored."""
    file = directory / 'seconds'
    lines = file.read_bytes().split(b'\n') if file.is_file() else []
    return sum(float(line) for line in lines if _SECONDS.fullmatch(line))


def damaged(file: Path, reason: object) -> UserError:
    """What to raise for a file beside the journals, or for one of them."""
    return UserError(f'{file} is damaged ({reason}): remove it and run '
                     'tools/gen_targets.py again')
