"""From features in blocks to the targets of a store."""
from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits
from torch.utils.data import Dataset

from ..datasets.access import sample_id
from ..errors import UserError
from ..files.atomic import replacing
from ..pca import BatchPCA
from ..targets.feature_blocks import FeatureBlocks
from ..targets.write import write_store


# BLAS and LAPACK round differently with another number of threads.
@threadpool_limits.wrap(limits=1, user_api='blas')
def reduce(blocks: FeatureBlocks, directory: Path, meta: dict,
           dataset: Dataset) -> None:
    """Fit a PCA to finished features and write the store.

    Args:
        blocks: The features; rows of NaN are skipped samples.
        directory: Where the store goes.
        meta: Its manifest so far; what is found here is added.
        dataset: The images, one of mmpretrain's; names the skipped ones.

    Raises:
        UserError: the features do not do, or the disk is full or fails.
    """
    start = time.perf_counter()
    pca, skipped = BatchPCA(), []
    for rows, block in blocks:
        check_width(block, meta['dim'])
        unreadable = np.isnan(block[:, 0])
        skipped += [rows[i] for i in unreadable.nonzero()[0]]
        pca.update(block[~unreadable])
    pca.fit(meta['dim'], meta['pca']['normalize'])
    kept = pca.variances.sum() / pca.covariance.trace()
    meta['pca']['variance_kept'] = round(float(kept), 4)
    meta['pca_seconds'] = round(time.perf_counter() - start, 1)
    meta['skipped'] = [[i, sample_id(dataset, i)] for i in skipped]
    with replacing(directory / 'pca.npz') as f:
        pca.save(f.name)
    write_store(directory, _project(blocks, pca, meta['dim']), meta)


def _project(blocks: FeatureBlocks, pca: BatchPCA,
             dim: int) -> Iterator[np.ndarray]:
    for _, block in blocks:
        targets = np.zeros((len(block), dim), np.float32)
        readable = ~np.isnan(block[:, 0])
        targets[readable] = pca.transform(block[readable])
        yield targets


def check_width(features: np.ndarray, dim: int) -> None:
    """Refuse more components than features, unless no image was readable.

    Raises:
        UserError: says how many there are.
    """
    width = features.shape[1]
    if dim > width and not np.isnan(features[:, 0]).all():
        raise UserError(
            f'{dim} components are wanted, the prior has {width} features: '
            f'set model.rela_head.out_channels={width}, or less')
