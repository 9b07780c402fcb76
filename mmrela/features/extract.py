"""Features of a data set's images under a prior model."""
from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import torch
from mmengine.dist import get_dist_info
from torch import Tensor
from torch.utils.data import DataLoader
from tqdm import tqdm

from ..datasets.access import sample_name
from ..errors import UserError
from .forward import Batch, check_same, forward_of
from .images import PriorImages
from .stopwatch import Stopwatch

# Fixed, since libraries choose their kernels by the size of a batch: another
# one, as a user's or that of the rank count, would round features differently.
BATCH_SIZE = 128


def batches_of(rows: range) -> list[range]:
    """Micro-batches of some samples, the same whoever computes them."""
    return [rows[i:i + BATCH_SIZE] for i in range(0, len(rows), BATCH_SIZE)]


def share(batches: Sequence[Sequence[int]]) -> Sequence[Sequence[int]]:
    """This rank's batches; the ranks', one after the other, are all."""
    rank, size = get_dist_info()
    count = math.ceil(len(batches) / size)
    return batches[rank * count:(rank + 1) * count]


def extract(images: PriorImages,
            title: str | None = 'features',
            batches: Sequence[Sequence[int]] | None = None,
            ranks: int = 1,
            watch: Stopwatch | None = None,
            twice: bool = True) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield features and which images have them, batch by batch.

    A bar shows images per second, the time left, and what takes it: waiting
    for decoded images, copying them to the GPU (if there is one), the model,
    or the caller, who writes.

    Args:
        images: What the prior sees.
        title: Of the bar; ``None`` for none.
        batches: Indices of each batch; all images in order by default.
        ranks: Processes that do as much as this one. The bar counts the
            images of all, as if all had the same pace.
        watch: Gets the times.
        twice: Whether to look at the first batch twice, as priors must give
            the same features each time; a model in training need not.

    Yields:
        Features, (m, d) float32 on the CPU, of those of a batch's n images
        that could be read, and which these are, (n,) bool: all of them,
        unless ``images.skip``. If none could, features are (0, 1).

    Raises:
        UserError: an image cannot be read, images differ in size after
            preprocessing, the model fails on the first batch, or gives
            others for it a second time, or features are no finite floats
            (n, d).
    """
    if batches is None:
        batches = batches_of(range(len(images)))
    watch = watch or Stopwatch()
    forward = forward_of(images.prior, watch)
    loader = DataLoader(images, batch_sampler=batches,
                        num_workers=images.workers,
                        pin_memory=torch.cuda.is_available(),
                        collate_fn=_stack)
    with tqdm(total=ranks * sum(map(len, batches)), unit='img', desc=title,
              disable=title is None) as bar:
        for indices, (batch, readable) in zip(batches, loader):
            watch.lap('decode')
            # A copy: an inference tensor could not be trained on.
            features = (torch.empty(0, 1) if batch is None
                        else forward(batch).clone())
            _check_finite(features, readable, indices, images)
            watch.lap('forward')
            if twice and batch is not None:
                check_same(features, batch, images.prior)
                watch.skip()
                twice = False
            # Before the caller's turn: some ask for no more than they need.
            bar.set_description(f'{title} ({watch})', refresh=False)
            bar.update(ranks * len(indices))
            yield features, readable
            watch.lap('write')


def _check_finite(features: Tensor, readable: Tensor, indices: Sequence[int],
                  images: PriorImages) -> None:
    bad = ~features.isfinite().all(1)
    if bad.any():
        first = int(readable.nonzero()[bad][0])
        name = sample_name(images.dataset, indices[first])
        raise UserError(f'{images.prior.name} gives NaN or infinite features '
                        f'for {name}: look at it, or take another prior')


def _stack(batch: list[Tensor | tuple[Tensor, ...] | None]
           ) -> tuple[Batch | None, Tensor]:
    """What can be read, stacked, and which images these are, (n,) bool."""
    readable = torch.tensor([image is not None for image in batch])
    images = [image for image in batch if image is not None]
    if images and isinstance(images[0], tuple):
        return [_stack_one(part) for part in zip(*images)], readable
    return _stack_one(images) if images else None, readable


def _stack_one(images: Sequence[Tensor]) -> Tensor:
    if len({image.shape for image in images}) > 1:
        raise UserError('images differ in size: set one, by --image-size, '
                        ",size=S or a hook's image_size")
    return torch.stack([*images])
