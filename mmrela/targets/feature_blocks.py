"""Features on disk in fixed blocks, so that a killed pass goes on."""
from __future__ import annotations

import io
import json
import re
import zlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..errors import UserError
from ..files.atomic import append_line, write_atomically
from ..files.untrusted import (
    MAX_BYTES,
    DamagedError,
    map_array,
    read_json,
    size_of,
)
from .store import BLOCK, checksum_of

MAX_WIDTH = 1 << 16  # features of a prior; PCA needs the square of it
_ENTRY = re.compile(rb'(\d{1,9} [0-9a-f]{32} \d{1,9}) ([0-9a-f]{8})')


class FeatureBlocks:
    """Features of N samples, in a directory that several ranks share.

    - ``fingerprint.json`` says whose features they are;
    - ``00000.npy`` … hold :data:`BLOCK` rows each (the last one fewer),
      float32; a row of NaN is an image that could not be read;
    - ``journal-RANK`` has a line for each block that the rank finished:
      number, checksum, unreadable images, and a CRC of the line. What does
      not fit its CRC, as a torn last line, is ignored.

    Args:
        directory: Where they lie.
        fingerprint: ``samples`` (N) and what else tells one pass over the
            images from another.
    """

    def __init__(self, directory: Path, fingerprint: dict) -> None:
        self.directory = directory
        self.fingerprint = fingerprint
        self.samples = fingerprint['samples']

    def claim(self) -> None:
        """Put the fingerprint there, or compare it with finished blocks'.

        Raises:
            UserError: these are features of something else.
        """
        file = self.directory / 'fingerprint.json'
        if not file.exists() or not self._journal():
            write_atomically(file, json.dumps(self.fingerprint).encode())
        kinds = {key: type(v) for key, v in self.fingerprint.items()}
        try:
            there = read_json(file, kinds)
        except DamagedError as e:
            raise self._damaged(file, e) from e
        for key, value in self.fingerprint.items():
            if there[key] != value:
                raise UserError(
                    f'{self.directory} holds features with another {key} '
                    f'({there[key]}, now {value}): remove it, or pass '
                    'another --out or --features')

    def __len__(self) -> int:
        """Number of blocks, finished or not."""
        return -(-self.samples // BLOCK)

    def rows(self, block: int) -> range:
        """Samples of one block."""
        start = block * BLOCK
        return range(start, min(start + BLOCK, self.samples))

    def todo(self, again: bool) -> list[int]:
        """Blocks that no journal calls done.

        Args:
            again: Count blocks with unreadable images among them.
        """
        journal = self._journal()
        return [block for block in range(len(self))
                if not self._file(block).is_file() or block not in journal
                or (again and any(journal[block].values())
                    and np.isnan(self.read(block)).any())]

    def write(self, rank: int, block: int, features: np.ndarray) -> None:
        """Store a block, (n, d) float32, then call it done.

        Raises:
            UserError: the disk is full or fails.
        """
        content = io.BytesIO()
        np.save(content, features, allow_pickle=False)
        # No getbuffer(): held by a traceback, as on a full disk, a view of it
        # crashes the garbage collector of Python 3.12.1 (CPython gh-77894).
        write_atomically(self._file(block), content.getvalue())
        unreadable = int(np.isnan(features[:, 0]).sum())
        entry = f'{block} {checksum_of(features)} {unreadable}'.encode()
        append_line(self.directory / f'journal-{rank}',
                    entry + b' %08x' % zlib.crc32(entry))

    def read(self, block: int) -> np.ndarray:
        """A finished block, (n, d) float32.

        Raises:
            UserError: it is not what was written.
        """
        file = self._file(block)
        try:
            features = map_array(file)
            if (features.dtype != np.float32 or features.ndim != 2
                    or len(features) != len(self.rows(block))
                    or not 1 <= features.shape[1] <= MAX_WIDTH):
                raise DamagedError('it has another shape')
            if checksum_of(features) not in self._journal().get(block, {}):
                raise DamagedError('it differs from its checksum')
        except DamagedError as e:
            raise self._damaged(file, e) from e
        return features

    def __iter__(self) -> Iterator[tuple[range, np.ndarray]]:
        """Rows and features of one block after the other."""
        for block in range(len(self)):
            yield self.rows(block), self.read(block)

    def _file(self, block: int) -> Path:
        return self.directory / f'{block:05d}.npy'

    def _journal(self) -> dict[int, dict[str, int]]:
        """Unreadable images by checksum by block, from all ranks."""
        journal = defaultdict(dict)
        for file in sorted(self.directory.glob('journal-*')):
            try:
                if size_of(file) > MAX_BYTES:
                    raise DamagedError('it is too large')
            except DamagedError as e:
                raise self._damaged(file, e) from e
            for entry in map(_ENTRY.fullmatch, file.read_bytes().split(b'\n')):
                if entry and int(entry[2], 16) == zlib.crc32(entry[1]):
                    block, checksum, unreadable = entry[1].decode().split()
                    journal[int(block)][checksum] = int(unreadable)
        return journal

    def _damaged(self, file: Path, reason: Exception) -> UserError:
        return UserError(f'{file} is damaged ({reason}): remove it and run '
                         'tools/gen_targets.py again')
