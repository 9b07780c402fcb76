"""From features in blocks to the targets of a store."""
from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor
from torch.utils.data import Dataset

from ..errors import UserError
from ..files.atomic import replacing
from ..pca import BatchPCA
from ..pictures.access import sample_id
from ..targets import Manifest, write_store
from ..targets.feature_blocks import MAX_WIDTH, FeatureBlocks


# BLAS and LAPACK cut sums by the number of threads, and so round differently
# with another; one thread is the number that every machine has.
@threadpool_limits.wrap(limits=1, user_api='blas')
def reduce(blocks: FeatureBlocks, directory: Path, planned: Manifest,
           dataset: Dataset, widths: Sequence[int] | None = None) -> None:
    """Fit a PCA to finished features and write the store.

    Args:
        blocks: The features.
        directory: Where the store goes.
        planned: Its manifest, without what is found here.
        dataset: The images, one of mmpretrain's; names the skipped ones.
        widths: Of several priors' features, see :meth:`BatchPCA.fit`.

    Raises:
        UserError: the features do not do, or the disk is full or fails.
    """
    start = time.perf_counter()
    gpu = 'cuda' if torch.cuda.is_available() else None
    pca, skipped = BatchPCA(gpu), []
    for block in blocks:
        check_width(block.features, planned.dim)
        skipped += block.skipped
        pca.update(block.features)
    # One view of an image that cannot be read stands for all of them.
    skipped = sorted({row % planned.samples for row in skipped})
    _check_spread(pca, planned.prior.get('name'))
    pca.fit(planned.dim, planned.pca['normalize'], widths)
    kept = pca.variances.sum() / pca.total
    manifest = replace(
        planned, pca=dict(planned.pca, variance_kept=round(float(kept), 4)),
        skipped=tuple((i, sample_id(dataset, i)) for i in skipped),
        pca_seconds=round(time.perf_counter() - start, 1))
    with replacing(directory / 'pca.npz') as f:
        pca.save(f.name)
    write_store(directory, _project(blocks, pca, manifest.dim), manifest)


def _check_spread(pca: BatchPCA, prior: str) -> None:
    """Refuse features that tell no image from another."""
    if pca.count < 2:
        return  # fitting refuses that
    rounding = 1e-13 * (pca.mean @ pca.mean)  # of float32, squared
    if not pca.covariance.trace() > rounding:
        raise UserError(f'{prior} gives the same features for all images: '
                        'take another prior, or other images')


def _project(blocks: FeatureBlocks, pca: BatchPCA,
             dim: int) -> Iterator[np.ndarray]:
    for block in blocks:
        targets = np.zeros((len(block.rows), dim), np.float32)
        targets[block.readable] = pca.transform(block.features)
        yield targets


def check_width(features: np.ndarray | Tensor, dim: int) -> None:
    """Refuse more components than features, unless there are no rows.

    Raises:
        UserError: says how many there are; or there are too many.
    """
    count, width = features.shape
    if width > MAX_WIDTH:  # which blocks on disk may not have
        raise UserError(f'the prior has {width} features, and PCA takes '
                        f'{MAX_WIDTH} at most: take another prior')
    if count and dim > width:
        raise UserError(
            f'{dim} components are wanted, the prior has {width} features: '
            f'set model.rela_head.out_channels={width}, or less')
