"""Features of a data set's images under a prior model."""
from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Sequence

import torch
from mmengine.dist import get_dist_info
from torch import Tensor
from torch.utils.data import DataLoader
from tqdm import tqdm

from ..errors import UserError
from .forward import Batch, check_same, forward_of
from .images import PriorImages, Together
from .stack import stack_each
from .stopwatch import Stopwatch

# Fixed, since libraries choose their kernels by the size of a batch: another
# one, as a user's or that of the rank count, would round features differently.
BATCH_SIZE = 128


def batches_of(rows: Sequence[int]) -> list[Sequence[int]]:
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
    return (found for found, in extract_each(
        [images], title, batches, ranks, watch, twice))


def extract_each(images: Sequence[PriorImages],
                 title: str | None = 'features',
                 batches: Sequence[Sequence[int]] | None = None,
                 ranks: int = 1,
                 watch: Stopwatch | None = None,
                 twice: bool = True
                 ) -> Generator[list[tuple[Tensor, Tensor]], None, None]:
    """:func:`extract` of several priors at once, which read images once.

    Args:
        images: The same ones, as each prior sees them.
        title, batches, ranks, watch, twice: As there.

    Yields:
        For each prior what :func:`extract` yields.
    """
    if batches is None:
        batches = batches_of(range(len(images[0])))
    watch = watch or Stopwatch()
    models = [_Model(part, watch, twice) for part in images]
    loader = DataLoader(Together(images), batch_sampler=batches,
                        num_workers=images[0].workers,
                        pin_memory=torch.cuda.is_available(),
                        collate_fn=stack_each)
    with tqdm(total=ranks * sum(map(len, batches)), unit='img', desc=title,
              disable=title is None) as bar:
        for indices, seen in zip(batches, loader):
            watch.lap('decode')
            found = [(model(batch, readable, indices), readable)
                     for model, (batch, readable) in zip(models, seen)]
            # Before the caller's turn: some ask for no more than they need.
            bar.set_description(f'{title} ({watch})', refresh=False)
            bar.update(ranks * len(indices))
            yield found
            watch.lap('write')


class _Model:
    """A prior's model, with an eye on what it gives."""

    def __init__(self, images: PriorImages, watch: Stopwatch,
                 twice: bool) -> None:
        self.images, self.watch, self.twice = images, watch, twice
        self.forward = forward_of(images.prior, watch)

    def __call__(self, batch: Batch | None, readable: Tensor,
                 indices: Sequence[int]) -> Tensor:
        # A copy: an inference tensor could not be trained on.
        features = (torch.empty(0, 1) if batch is None
                    else self.forward(batch).clone())
        _check_finite(features, readable, indices, self.images)
        self.watch.lap('forward')
        if self.twice and batch is not None:
            check_same(features, batch, self.images.prior)
            self.watch.skip()
            self.twice = False
        return features


def _check_finite(features: Tensor, readable: Tensor, indices: Sequence[int],
                  images: PriorImages) -> None:
    bad = ~features.isfinite().all(1)
    if bad.any():
        first = int(readable.nonzero()[bad][0])
        name = images.sample(indices[first]).name
        raise UserError(f'{images.prior.name} gives NaN or infinite features '
                        f'for {name}: look at it, or take another prior')
