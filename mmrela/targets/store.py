"""The target store: one vector per image, on disk, memory-mapped."""
from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ..files.untrusted import DamagedError, check_npz, map_array
from ..pca import BatchPCA
from .manifest import Manifest, TargetStoreError, checksum_of, damaged

BLOCK = 4096  # rows under one checksum; fixed: stores depend on it


class TargetStore:
    """Targets of an ordered set of samples, read-only.

    A directory with ``targets.npy`` (N × k, or V · N × k where each image
    has V views, float16 or float32),
    ``pca.npz`` (unless ``pca`` in the manifest is empty) and ``meta.json``,
    which is written last: a directory without it is an unfinished store.
    Files may be links to another disk. Nothing in it is ever unpickled.

    Args:
        directory: Where it is; :meth:`open` reads and checks the rest.
        manifest: What ``meta.json`` says.
        targets: (V · N, k) float16 or float32, may be memory-mapped.

    Example:
        >>> store = TargetStore.open('data/targets/cifar10')
        >>> len(store), store.dim
        (50000, 512)
        >>> store[7]  # float32, (512,)
    """

    def __init__(self, directory: Path, manifest: Manifest,
                 targets: np.ndarray) -> None:
        self.directory = directory
        self.manifest = manifest
        self._targets = targets

    @classmethod
    def open(cls, directory: str | os.PathLike) -> TargetStore:
        """Open a complete store; costs no more than reading its header.

        Raises:
            TargetStoreError: the store is missing, unfinished or damaged.
        """
        directory = Path(directory)
        manifest = Manifest.read(directory)
        file = directory / 'targets.npy'
        try:
            targets = map_array(file)
        except DamagedError as e:
            raise damaged(file, e) from e
        found = f'{targets.shape} {targets.dtype.name}'
        said = f'{(manifest.rows, manifest.dim)} {manifest.dtype}'
        if found != said:
            raise damaged(file, f'it holds {found}, meta.json says {said}')
        return cls(directory, manifest, targets)

    def __len__(self) -> int:
        """Number of images, N."""
        return self.manifest.samples

    @property
    def views(self) -> int:
        """Targets of each image, V: the row of one is view · N + image."""
        return self.manifest.views

    @property
    def usable(self) -> int:
        """Number of targets whose images could be read."""
        return self.views * (len(self) - len(self.manifest.skipped))

    @property
    def dim(self) -> int:
        """Components of each target, k."""
        return self.manifest.dim

    @property
    def meta(self) -> dict:
        """The manifest as ``meta.json`` holds it, a dict of its own."""
        return self.manifest.as_json()

    @property
    def skipped(self) -> list[int]:
        """Samples whose images could not be read, ascending."""
        return [index for index, _ in self.manifest.skipped]

    @property
    def has_pca(self) -> bool:
        """Whether a PCA made the targets; else somebody wrote them."""
        return bool(self.manifest.pca) or (
            self.directory / 'pca.npz').exists()

    @property
    def pca(self) -> BatchPCA:
        """The PCA that made the targets; refuses a damaged file."""
        file = self.directory / 'pca.npz'
        if not self.has_pca:
            raise TargetStoreError(f'the targets at {self.directory} were '
                                   'written without a PCA')
        try:
            check_npz(file)
            pca = BatchPCA.load(file)
            if pca.components is None or pca.components.shape[1] != self.dim:
                raise DamagedError('it has another width')
            return pca
        except Exception as e:  # whatever numpy says of a strange file
            raise damaged(file, e) from e

    def __getitem__(self, index: int | list[int] | np.ndarray) -> np.ndarray:
        """The target of one row, (k,) float32; (n, k) of n rows.

        Rows below N are the samples, or the first views of these.
        """
        return self._targets[index].astype(np.float32)

    def of_view(self, view: int,
                rows: int | list[int] | np.ndarray) -> np.ndarray:
        """Targets of one view of samples, as :meth:`__getitem__` gives them.

        Args:
            view: Below V.
            rows: Of the samples, below N.
        """
        return self[view * len(self) + np.asarray(rows)]

    def __reduce__(self) -> tuple:  # a memory map would be pickled by value
        return TargetStore.open, (self.directory, )

    def verify(self) -> None:
        """Read all of the store and compare it with its checksums.

        Raises:
            TargetStoreError: names the first rows that differ.
        """
        file = self.directory / 'targets.npy'
        blocks = range(0, self.manifest.rows, BLOCK)
        if len(self.manifest.checksums) != len(blocks):
            raise damaged(self.directory / 'meta.json',
                          'it does not hold one checksum a block')
        for start, checksum in zip(blocks, self.manifest.checksums):
            block = self._targets[start:start + BLOCK]
            rows = f'rows {start} to {start + len(block) - 1}'
            if checksum_of(block) != checksum:
                raise damaged(file, f'{rows} differ from their checksum')
            if not np.isfinite(block).all():
                raise damaged(file, f'{rows} hold NaN or infinite values')
        if self.has_pca:
            self.pca  # noqa: B018  reading it checks it

    def check(self, ids: str, samples: int, dim: int | None = None,
              prior: str | None = None) -> None:
        """Make sure that these targets belong to this data and head.

        Args:
            ids: :func:`~mmrela.targets.hash_ids` of the samples, in order.
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
        if self.manifest.ids != ids:
            raise TargetStoreError(
                f'{self.directory} was made from other images than those of '
                'the data set, or in another order: run '
                'tools/gen_targets.py for this data set')
        if dim is not None and self.dim != dim:
            raise TargetStoreError(
                f'{self.directory} holds targets of {self.dim} components, '
                f'the head predicts {dim}: set model.rela_head.out_channels='
                f'{self.dim} or run tools/gen_targets.py --dim {dim}')
        made_by = self.manifest.prior.get('name')
        if prior is not None and made_by != prior:
            raise TargetStoreError(
                f'{self.directory} was made by the prior {made_by}, '
                f'train_dataloader.dataset.prior expects {prior}: run '
                f'tools/gen_targets.py --prior {prior} or change that entry')
