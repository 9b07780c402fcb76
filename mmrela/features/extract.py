"""Features of a data set's images under a prior model."""
from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import torch
from mmengine.dist import get_dist_info
from torch import Tensor
from torch.utils.data import DataLoader
from tqdm import tqdm

from ..datasets.access import sample_name
from ..errors import UserError
from ..priors import Prior
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
            watch: Stopwatch | None = None
            ) -> Iterator[tuple[Tensor, Tensor]]:
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

    Yields:
        Features, (m, d) float32 on the CPU, of those of a batch's n images
        that could be read, and which these are, (n,) bool: all of them,
        unless ``images.skip``. If none could, features are (0, 1).

    Raises:
        UserError: an image cannot be read, images differ in size after
            preprocessing, or features are not finite.
    """
    if batches is None:
        batches = batches_of(range(len(images)))
    watch = watch or Stopwatch()
    forward = _forward(images.prior, watch)
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
            yield features, readable
            watch.lap('write')
            bar.set_description(f'{title} ({watch})', refresh=False)
            bar.update(ranks * len(indices))


def _forward(prior: Prior, watch: Stopwatch) -> Callable[[Tensor], Tensor]:
    """Images (n, 3, H, W) to features (n, d), float32, both on the CPU."""
    gpu = torch.cuda.is_available()
    device = 'cuda' if gpu else 'cpu'
    model = prior.model.to(device)
    if gpu:
        model.to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def forward(batch: Tensor) -> Tensor:
        if gpu:
            batch = batch.to(device, non_blocking=True)
            if batch.ndim == 4:
                batch = batch.to(memory_format=torch.channels_last)
            torch.cuda.synchronize()
            watch.lap('copy')
        with prior.autocast(device):
            return model(batch).float().cpu()

    return forward


def _check_finite(features: Tensor, readable: Tensor, indices: Sequence[int],
                  images: PriorImages) -> None:
    bad = ~features.isfinite().all(1)
    if bad.any():
        first = int(readable.nonzero()[bad][0])
        name = sample_name(images.dataset, indices[first])
        raise UserError(f'{images.prior.name} gives NaN or infinite features '
                        f'for {name}: look at it, or take another prior')


def _stack(batch: list[Tensor | None]) -> tuple[Tensor | None, Tensor]:
    """The readable images, (m, 3, H, W), and which they are, (n,) bool."""
    images = [image for image in batch if image is not None]
    if len({image.shape for image in images}) > 1:
        raise UserError('images differ in size: set one, by --image-size, '
                        ",size=S or a hook's image_size")
    readable = torch.tensor([image is not None for image in batch])
    return torch.stack(images) if images else None, readable
