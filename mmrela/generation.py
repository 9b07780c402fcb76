"""RELA-D: from images to a target store (paper, section 4.1, app. L)."""
from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import torch

from .errors import UserError
from .features import PriorImages, extract
from .pca import BatchPCA
from .targets import BLOCK, TargetStore, TargetStoreError, hash_ids
from .writing import write_store


def generate(dataset,
             prior,
             directory: str | os.PathLike,
             dim: int,
             normalize: str = 'center',
             bgr: bool = False,
             workers: int = 0,
             dtype: str = 'float16') -> TargetStore:
    """Run the prior once over the images and store reduced features.

    Features wait on disk between the passes, so that memory holds one
    block of them and O(d²) statistics.

    Args:
        dataset: A :class:`RelaTargetDataset`.
        prior: A :class:`Prior`.
        directory: Where the store goes. A finished store with the same
            fingerprint is opened and returned as it is.
        dim: Components, k.
        normalize: As for :meth:`BatchPCA.fit`.
        bgr: Whether the data set loads BGR.
        workers: Processes that decode images.
        dtype: ``float16`` or ``float32``.

    Raises:
        TargetStoreError: another store is there already.
        UserError: an image is unreadable, features are not finite, or
            there are fewer than ``dim`` of them.
    """
    directory = Path(directory)
    meta = dict(
        samples=len(dataset), dim=dim, dtype=dtype,
        ids=hash_ids(dataset.sample_ids()), prior=prior.fingerprint(),
        pca=dict(normalize=normalize))
    if (directory / 'meta.json').exists():
        return _same_store(directory, meta)
    directory.mkdir(parents=True, exist_ok=True)
    images = PriorImages(dataset.dataset, prior, bgr)
    waiting = directory / 'features.npy.tmp'
    start = time.perf_counter()
    try:
        with closing(extract(prior, images, workers)) as batches:
            features = _to_disk(waiting, batches, meta)
        meta['feature_seconds'] = round(time.perf_counter() - start, 1)
        return _reduce(features, directory, meta)
    finally:
        waiting.unlink(missing_ok=True)


def _reduce(features: np.ndarray, directory: Path, meta: dict) -> TargetStore:
    start = time.perf_counter()
    pca = BatchPCA()
    for block in _blocks(features):
        pca.update(block)
    pca.fit(meta['dim'], meta['pca']['normalize'])
    kept = pca.variances.sum() / pca.covariance.trace()
    meta['pca']['variance_kept'] = round(float(kept), 4)
    meta['pca_seconds'] = round(time.perf_counter() - start, 1)
    pca.save(directory / 'pca.npz')
    targets = (pca.transform(block) for block in _blocks(features))
    return write_store(directory, targets, meta)


def _same_store(directory: Path, meta: dict) -> TargetStore:
    store = TargetStore.open(directory)
    for key in ('samples', 'ids', 'prior', 'dim', 'dtype', 'pca'):
        there = store.meta[key]
        if key == 'pca':
            there = {'normalize': there.get('normalize')}
        if there != meta[key]:
            raise TargetStoreError(
                f'{directory} already holds targets with another {key} '
                f'({there}): remove it or pass another --out')
    return store


def _to_disk(file: Path, batches: Iterator[torch.Tensor],
             meta: dict) -> np.ndarray:
    features, row = None, 0
    for batch in batches:
        if features is None:
            width = batch.shape[1]
            if meta['dim'] > width:
                raise UserError(
                    f'{meta["dim"]} components are wanted, the prior has '
                    f'{width} features: set model.rela_head.out_channels='
                    f'{width}, or less')
            features = np.lib.format.open_memmap(
                file, 'w+', np.float32, (meta['samples'], width))
        features[row:row + len(batch)] = batch
        row += len(batch)
    return features


def _blocks(features: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, len(features), BLOCK):
        yield features[start:start + BLOCK]
