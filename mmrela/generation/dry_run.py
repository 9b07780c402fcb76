"""What a generation will cost, measured on a few batches."""
from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import Tensor

from ..features.extract import BATCH_SIZE
from ..features.images import PriorImages
from ..features.stopwatch import Stopwatch
from ..features.timing import measure, spread
from ..pca import BatchPCA
from ..targets import BLOCK
from .reduce import check_width


def estimate(images: PriorImages, directory: Path, dim: int,
             dtype: str = 'float16', ranks: int = 1) -> str:
    """Sizes, time and disk of :func:`~mmrela.generation.generate.generate`.

    Args:
        images: What the prior sees; some from all parts of it are tried.
        directory: Where targets and features would go.
        dim: Components, k.
        dtype: Of the targets.
        ranks: Processes that will share the work.

    Returns:
        Three lines for the user.

    Raises:
        UserError: what generation would stop at, or skip, if it is met here.
    """
    prior, workers = images.prior, images.workers
    size = BATCH_SIZE if torch.cuda.is_available() else BATCH_SIZE // 4
    # So many batches that those which workers hold ready do not flatter.
    batches = spread(len(images), size * (3 + 2 * workers), size)
    watch = Stopwatch()
    features, rate = measure(
        replace(images, skip=False), batches, 'dry run', watch)
    check_width(features, dim)
    count, width = len(images), features.shape[1]
    weights = sum(p.numel() for p in prior.model.parameters())
    sizes = 4 * count * width, np.dtype(dtype).itemsize * count * dim
    return (
        f'{prior.name}: {weights / 1e6:.1f} million weights, {width} '
        f'features of each image\n'
        f'time: {span(count / rate / ranks)} for {_told(images)} at '
        f'{ranks * rate:.0f} img/s by {ranks} process{"es" * (ranks > 1)} on '
        f'{"GPU" if torch.cuda.is_available() else "CPU"} ({watch}), then '
        f'{span(pca_seconds(features, count, dim))} for PCA\n'
        f'disk: {in_bytes(sizes[0])} of features, which may be removed '
        f'afterwards, and {in_bytes(sizes[1])} of targets; {directory} has '
        f'{in_bytes(free(directory))} free')


def _told(images: PriorImages) -> str:
    crops = f' x {images.views} views' * (images.views > 1)
    return f'{len(images.dataset)} images{crops}'


def pca_seconds(features: Tensor, count: int, dim: int) -> float:
    """Seconds that a PCA of many rows would take, by one thread.

    Args:
        features: Some of these rows, (n, d) float32.
        count: Number of all rows.
        dim: Components, k.
    """
    block = np.resize(features, (BLOCK, features.shape[1]))
    pca = BatchPCA()
    with threadpool_limits(1, 'blas'):
        rows = _time(lambda: pca.update(block))
        fit = _time(lambda: pca.fit(dim))
        rows += _time(lambda: pca.transform(block))
    return fit + rows * count / BLOCK


def _time(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def free(directory: Path) -> int:
    """Bytes that may be written there, or where it would be made."""
    while not directory.exists():
        directory = directory.parent
    return shutil.disk_usage(directory).free


def in_bytes(size: float) -> str:
    """Bytes for the user."""
    for unit in ('B', 'kB', 'MB', 'GB'):
        if size < 1000:
            return f'{size:.3g} {unit}'
        size /= 1000
    return f'{size:.3g} TB'


def span(seconds: float) -> str:
    """Seconds for the user."""
    if seconds < 120:
        return f'{seconds:.1f} s'
    if seconds < 7200:
        return f'{seconds / 60:.0f} min'
    return f'{seconds / 3600:.1f} h'
