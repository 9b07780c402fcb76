"""Features on disk in fixed blocks, so that a killed pass goes on."""
from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import UserError
from ..files.atomic import write_atomically
from ..files.untrusted import DamagedError, map_array, read_json
from .journal import damaged, record, recorded
from .manifest import checksum_of

MAX_WIDTH = 1 << 16  # features of a prior; PCA needs the square of it


@dataclass(frozen=True)
class FeatureBlock:
    """Features of consecutive samples, without the unreadable images.

    Attributes:
        rows: The samples, n of them.
        readable: Which of their images could be read, (n,) bool.
        features: Of these, (m, d) float32.
    """
    rows: range
    readable: np.ndarray
    features: np.ndarray

    @property
    def skipped(self) -> list[int]:
        """The samples whose images could not be read."""
        return [self.rows[i] for i in np.flatnonzero(~self.readable)]


class FeatureBlocks:
    """Features of N samples, in a directory that several ranks share.

    The blocks are the same however many ranks there are, so that any number
    of them can go on with what others began, and a PCA that sums them up in
    their order rounds alike.

    - ``fingerprint.json`` says whose features they are;
    - ``00000.npy`` … hold one block each, (n, d) float32; a row of NaN, which
      no other part of the code knows, is an image that could not be read;
    - ``journal-RANK`` tells which blocks that rank has finished, and
      ``seconds`` what that took.

    Args:
        directory: Where they lie.
        fingerprint: ``samples`` (N), ``block`` (samples in each block but
            the last) and what else tells one pass over the images from
            another.
    """

    def __init__(self, directory: Path, fingerprint: dict) -> None:
        self.directory = directory
        self.fingerprint = fingerprint
        self.samples = fingerprint['samples']
        self.block = fingerprint['block']

    def claim(self) -> None:
        """Put the fingerprint there, or compare it with finished blocks'.

        Raises:
            UserError: these are features of something else.
        """
        file = self.directory / 'fingerprint.json'
        if not recorded(self.directory):
            write_atomically(file, json.dumps(self.fingerprint).encode())
        kinds = {key: type(v) for key, v in self.fingerprint.items()}
        try:
            there = read_json(file, kinds)
        except DamagedError as e:  # whose they are, nobody knows
            raise UserError(f'{file} is damaged or gone ({e}): remove its '
                            'directory and run tools/gen_targets.py again'
                            ) from e
        for key, value in self.fingerprint.items():
            if there[key] != value:
                raise UserError(
                    f'{self.directory} holds features with another {key} '
                    f'({there[key]}, now {value}): remove it, or pass '
                    'another --out or --features')

    def __len__(self) -> int:
        """Number of blocks, finished or not."""
        return -(-self.samples // self.block)

    def rows(self, block: int) -> range:
        """Samples of one block."""
        return range(self.samples)[block * self.block:][:self.block]

    def todo(self, again: bool) -> list[int]:
        """Blocks that are not done; ``again``: those that skip images, too."""
        done = recorded(self.directory)
        return [block for block in range(len(self))
                if not self._file(block).is_file() or block not in done
                or any(done[block].values()) and self._is_stale(block, again)]

    def _is_stale(self, block: int, again: bool) -> bool:
        try:
            skipped = self.read(block).skipped
        except UserError:  # replaced by a call that was killed before it
            return True  # could say so
        return again and bool(skipped)

    def write(self, rank: int, block: int, features: np.ndarray,
              readable: np.ndarray) -> None:
        """Store a block, then call it done.

        Args:
            rank, block: Who writes which one.
            features: Of the images that could be read, (m, d) float32.
            readable: Which they are, (n,) bool.

        Raises:
            UserError: the disk is full or fails.
        """
        shape = len(readable), features.shape[1]
        content = np.full(shape, np.nan, np.float32)
        content[readable] = features
        file = io.BytesIO()
        np.save(file, content, allow_pickle=False)
        # No getbuffer(): held by a traceback, as on a full disk, a view of it
        # crashes the garbage collector of Python 3.12.1 (CPython gh-77894).
        write_atomically(self._file(block), file.getvalue())
        record(self.directory, rank, block, checksum_of(content),
               len(readable) - len(features))

    def read(self, block: int) -> FeatureBlock:
        """A finished block.

        Raises:
            UserError: it is not what was written.
        """
        file, rows = self._file(block), self.rows(block)
        try:
            content = map_array(file)
            if (content.dtype != np.float32 or content.ndim != 2
                    or len(content) != len(rows)
                    or not 1 <= content.shape[1] <= MAX_WIDTH):
                raise DamagedError('it has another shape')
            if checksum_of(content) not in recorded(self.directory)[block]:
                raise DamagedError('it differs from its checksum')
        except DamagedError as e:
            raise damaged(file, e) from e
        readable = ~np.isnan(content[:, 0])
        return FeatureBlock(rows, readable, content[readable])

    def __iter__(self) -> Iterator[FeatureBlock]:
        """One finished block after the other."""
        return map(self.read, range(len(self)))

    def _file(self, block: int) -> Path:
        return self.directory / f'{block:05d}.npy'
