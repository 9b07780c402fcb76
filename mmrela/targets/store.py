"""The target store: one vector per image, on disk, memory-mapped."""
from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..files.untrusted import DamagedError, check_npz, map_array
from ..pca import BatchPCA
from .manifest import TargetStoreError, checksum_of, damaged, read_meta

BLOCK = 4096  # rows under one checksum


class TargetStore:
    """Targets of an ordered set of samples, read-only.

    A directory with ``targets.npy`` (N × k, float16 or float32),
    ``pca.npz`` (unless ``pca`` in the manifest is empty) and ``meta.json``,
    which is written last: a directory without it is an unfinished store.
    Files may be links to another disk. Nothing in it is ever unpickled.

    Args:
        directory: Where it is; :meth:`open` reads and checks the rest.
        meta: The manifest, as :func:`read_meta` returns it.
        targets: (N, k) float16 or float32, may be memory-mapped.

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
        meta = read_meta(directory)
        try:
            targets = map_array(directory / 'targets.npy')
        except DamagedError as e:
            raise damaged(directory / 'targets.npy', e) from e
        expected = ((meta['samples'], meta['dim']), meta['dtype'])
        if (targets.shape, targets.dtype.name) != expected:
            raise damaged(directory / 'targets.npy',
                          f'it holds {targets.shape} {targets.dtype.name}, '
                          f'meta.json says {expected[0]} {expected[1]}')
        return cls(directory, meta, targets)

    def __len__(self) -> int:
        return self.meta['samples']

    @property
    def dim(self) -> int:
        """Components of each target, k."""
        return self.meta['dim']

    @property
    def skipped(self) -> list[int]:
        """Samples whose images could not be read, ascending."""
        return [index for index, _ in self.meta['skipped']]

    @property
    def pca(self) -> BatchPCA:
        """The PCA that made the targets; refuses a damaged file."""
        file = self.directory / 'pca.npz'
        try:
            check_npz(file)
            pca = BatchPCA.load(file)
            if pca.components.shape[1] != self.dim:
                raise DamagedError('it has another width')
            return pca
        except Exception as e:  # whatever numpy says of a strange file
            raise damaged(file, e) from e

    def __getitem__(self, index: int | np.ndarray) -> np.ndarray:
        """The target of one sample, (k,) float32; (n, k) of n samples."""
        return self._targets[index].astype(np.float32)

    def __reduce__(self):  # a memory map would be pickled by value
        return TargetStore.open, (self.directory, )

    def verify(self) -> None:
        """Read all of the store and compare it with its checksums.

        Raises:
            TargetStoreError: names the first rows that differ.
        """
        file = self.directory / 'targets.npy'
        blocks = range(0, len(self), BLOCK)
        if len(self.meta['checksums']) != len(blocks):
            raise damaged(self.directory / 'meta.json',
                          'it does not hold one checksum a block')
        for start, checksum in zip(blocks, self.meta['checksums']):
            block = self._targets[start:start + BLOCK]
            rows = f'rows {start} to {start + len(block) - 1}'
            if checksum_of(block) != checksum:
                raise damaged(file, f'{rows} differ from their checksum')
            if not np.isfinite(block).all():
                raise damaged(file, f'{rows} hold NaN or infinite values')
        if self.meta['pca'] or (self.directory / 'pca.npz').exists():
            self.pca  # noqa: B018  reading it checks it

    def check(self, ids: str, samples: int, dim: int | None = None,
              prior: str | None = None) -> None:
        """Make sure that these targets belong to this data and head.

        Args:
            ids: :func:`hash_ids` of the samples, in order.
            samples: Their number.
            dim: Width that the head predicts.
            prior: Name of the prior that is wanted.

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
        made_by = self.meta['prior'].get('name')
        if prior is not None and made_by != prior:
            raise TargetStoreError(
                f'{self.directory} was made by the prior {made_by}, '
                f'train_dataloader.dataset.prior expects {prior}: run '
                f'tools/gen_targets.py --prior {prior} or change that entry')


def hash_ids(ids: Iterator[str]) -> str:
    """Hash of sample ids in their order."""
    digest = hashlib.blake2b(digest_size=16)
    for sample_id in ids:
        digest.update(sample_id.encode('utf-8', 'surrogateescape') + b'\0')
    return digest.hexdigest()
