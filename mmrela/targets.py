"""The target store: one vector per image, on disk, memory-mapped."""
from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .errors import UserError

BLOCK = 4096  # rows under one checksum
_DTYPES = ('float16', 'float32')
_KEYS = dict(samples=int, dim=int, dtype=str, ids=str, prior=dict, pca=dict,
             checksums=list)
_MAX_META_BYTES = 1 << 24  # 4096 rows a checksum: room for 10⁹ samples


class TargetStoreError(UserError):
    """A store that is incomplete, damaged or made for something else."""


class TargetStore:
    """Targets of an ordered set of samples, read-only.

    A directory with ``targets.npy`` (N × k, float16 or float32),
    ``pca.npz`` and ``meta.json``, which is written last: a directory
    without it is an unfinished store. Nothing in it is ever unpickled.

    Example:
        >>> store = TargetStore.open('data/targets/cifar10')
        >>> len(store), store.dim
        (50000, 512)
        >>> store[7]  # float32, (512,)
    """

    def __init__(self, directory: Path, meta: dict, targets: np.ndarray):
        self.directory = directory
        self.meta = meta
        self._targets = targets

    @classmethod
    def open(cls, directory: str | os.PathLike) -> TargetStore:
        """Open a complete store; costs no more than reading its header.

        Raises:
            TargetStoreError: the store is missing, unfinished or damaged.
        """
        directory = Path(directory)
        meta = _read_meta(directory)
        targets = _map(directory / 'targets.npy')
        expected = ((meta['samples'], meta['dim']), meta['dtype'])
        if (targets.shape, targets.dtype.name) != expected:
            raise _damaged(directory / 'targets.npy',
                           f'it holds {targets.shape} {targets.dtype.name}, '
                           f'meta.json says {expected[0]} {expected[1]}')
        return cls(directory, meta, targets)

    def __len__(self) -> int:
        return self.meta['samples']

    @property
    def dim(self) -> int:
        """Components of each target, k."""
        return self.meta['dim']

    def __getitem__(self, index: int) -> np.ndarray:
        """The target of one sample, (k,) float32."""
        return self._targets[index].astype(np.float32)

    def __reduce__(self):  # a memory map would be pickled by value
        return TargetStore.open, (self.directory, )

    def verify(self) -> None:
        """Read all targets and compare them with their checksums.

        Raises:
            TargetStoreError: names the first rows that differ.
        """
        blocks = range(0, len(self), BLOCK)
        if len(self.meta['checksums']) != len(blocks):
            raise _damaged(self.directory / 'meta.json',
                           'it does not hold one checksum a block')
        for start, checksum in zip(blocks, self.meta['checksums']):
            block = self._targets[start:start + BLOCK]
            if checksum_of(block) != checksum:
                raise _damaged(
                    self.directory / 'targets.npy',
                    f'rows {start} to {start + len(block) - 1} differ from '
                    'their checksum')
            if not np.isfinite(block).all():
                raise _damaged(
                    self.directory / 'targets.npy',
                    f'rows {start} to {start + len(block) - 1} hold NaN or '
                    'infinite values')

    def check(self, ids: str, samples: int, dim: int | None = None) -> None:
        """Make sure that these targets belong to this data and head.

        Args:
            ids: :func:`hash_ids` of the samples, in order.
            samples: Their number.
            dim: Width that the head predicts.

        Raises:
            TargetStoreError: says what differs, and the cure.
        """
        if len(self) != samples:
            raise TargetStoreError(
                f'{self.directory} holds targets of {len(self)} images, the '
                f'data set has {samples}: run tools/gen_targets.py for this '
                'data set or name another store in '
                'train_dataloader.dataset.targets')
        if self.meta['ids'] != ids:
            raise TargetStoreError(
                f'{self.directory} was made from other images than those of '
                'the data set, or in another order: run '
                'tools/gen_targets.py for this data set')
        if dim is not None and self.dim != dim:
            raise TargetStoreError(
                f'{self.directory} holds targets of {self.dim} components, '
                f'the head predicts {dim}: set model.rela_head.out_channels='
                f'{self.dim} or run tools/gen_targets.py --dim {dim}')


def hash_ids(ids: Iterator[str]) -> str:
    """Hash of sample ids in their order."""
    digest = hashlib.blake2b(digest_size=16)
    for sample_id in ids:
        digest.update(sample_id.encode('utf-8', 'surrogateescape') + b'\0')
    return digest.hexdigest()


def checksum_of(block: np.ndarray) -> str:
    """Checksum of a block of targets, as the manifest holds it."""
    data = np.ascontiguousarray(block)
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _damaged(file: Path, reason: str) -> TargetStoreError:
    return TargetStoreError(f'{file} is damaged ({reason}): remove its '
                            'directory and run tools/gen_targets.py again')


def _read_meta(directory: Path) -> dict:
    file = directory / 'meta.json'
    if not directory.is_dir():
        raise TargetStoreError(f'no targets at {directory}: run '
                               'tools/gen_targets.py with this config first')
    if not file.is_file():
        raise TargetStoreError(f'{directory} is an unfinished store (it has '
                               'no meta.json): run tools/gen_targets.py '
                               'again')
    try:
        if file.stat().st_size > _MAX_META_BYTES:
            raise ValueError('too large')
        meta = json.loads(file.read_bytes())
        for key, kind in _KEYS.items():
            if type(meta[key]) is not kind:
                raise TypeError(f'{key} is no {kind.__name__}')
        if meta['dtype'] not in _DTYPES:
            raise ValueError(f'dtype is not one of {_DTYPES}')
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as e:
        raise _damaged(file, f'{type(e).__name__}: {e}') from e
    return meta


def _map(file: Path) -> np.ndarray:
    try:
        array = np.lib.format.open_memmap(file, mode='r')
        if array.offset + array.nbytes != file.stat().st_size:
            raise ValueError('its size is not what its header says')
    except Exception as e:  # numpy parses the header as Python
        raise _damaged(file, f'{type(e).__name__}: {e}') from e
    return array
