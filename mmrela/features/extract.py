"""Features of a data set's images under a prior model."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from ..datasets.access import sample_name
from ..errors import UserError
from ..priors import Prior
from .stopwatch import Stopwatch

BATCH_SIZE = 128  # fixed: another one rounds features differently


class PriorImages(Dataset):
    """A data set's images as a prior model sees them.

    Args:
        dataset: One of mmpretrain's.
        prior: The prior model.
        bgr: Whether the data set loads BGR, as mmcv does.
        skip: Whether an image that cannot be read is ``None`` instead of
            an error.
    """

    def __init__(self, dataset: Dataset, prior: Prior, bgr: bool,
                 skip: bool = False) -> None:
        self.dataset = dataset
        self.prior = prior
        self.bgr = bgr
        self.skip = skip

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> Tensor | None:
        try:
            return self.prior.look(self.dataset, index, self.bgr)
        except UserError:
            if self.skip:
                return None
            raise


def batches_of(rows: range) -> list[range]:
    """Micro-batches of some samples, the same whoever computes them."""
    return [rows[i:i + BATCH_SIZE] for i in range(0, len(rows), BATCH_SIZE)]


def extract(prior: Prior,
            images: PriorImages,
            workers: int,
            title: str | None = 'features',
            batches: Sequence[Sequence[int]] | None = None,
            ranks: int = 1,
            watch: Stopwatch | None = None) -> Iterator[Tensor]:
    """Yield features, (n, d) float32 on the CPU, batch by batch.

    A row of NaN stands for a skipped image; if a batch has no other, it is
    (n, 1). A bar shows images per second, the time left, and what takes it:
    waiting for decoded images, copying them to the GPU (if there is one),
    the model, or the caller, who writes.

    Args:
        prior: The prior model.
        images: Of the same prior.
        workers: Processes that decode images.
        title: Of the bar; ``None`` for none.
        batches: Indices of each batch; all images in order by default.
        ranks: Processes that do as much as this one. The bar counts the
            images of all, as if all had the same pace.
        watch: Gets the times.

    Raises:
        UserError: an image cannot be read, images differ in size after
            preprocessing, or features are not finite.
    """
    if batches is None:
        batches = batches_of(range(len(images)))
    watch = watch or Stopwatch()
    look = _looker(prior, watch)
    loader = DataLoader(images, batch_sampler=batches, num_workers=workers,
                        pin_memory=torch.cuda.is_available(),
                        collate_fn=_stack)
    with tqdm(total=ranks * sum(map(len, batches)), unit='img', desc=title,
              disable=title is None) as bar:
        for indices, (batch, readable) in zip(batches, loader):
            watch.lap('decode')
            features = torch.full((len(indices), 1), torch.nan)
            if batch is not None:
                found = look(batch)
                features = features.repeat(1, found.shape[1])
                features[readable] = found
            _check_finite(features, readable, indices, images, prior)
            watch.lap('forward')
            yield features
            watch.lap('write')
            bar.set_description(f'{title} ({watch})', refresh=False)
            bar.update(ranks * len(indices))


def _looker(prior: Prior, watch: Stopwatch) -> Callable[[Tensor], Tensor]:
    """Images (n, 3, H, W) to features (n, d), float32, both on the CPU."""
    gpu = torch.cuda.is_available()
    device = 'cuda' if gpu else 'cpu'
    model = prior.model.to(device)
    if gpu:
        model.to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def look(batch: Tensor) -> Tensor:
        if gpu:
            batch = batch.to(device, non_blocking=True)
            if batch.ndim == 4:
                batch = batch.to(memory_format=torch.channels_last)
            torch.cuda.synchronize()
            watch.lap('copy')
        with prior.autocast(device):
            return model(batch).float().cpu()

    return look


def _check_finite(features: Tensor, readable: Tensor, indices: Sequence[int],
                  images: PriorImages, prior: Prior) -> None:
    bad = readable & ~features.isfinite().all(1)
    if bad.any():
        name = sample_name(images.dataset, indices[int(bad.nonzero()[0])])
        raise UserError(f'{prior.name} gives NaN or infinite features for '
                        f'{name}: look at it, or take another prior')


def _stack(batch: list[Tensor | None]) -> tuple[Tensor | None, Tensor]:
    """The readable images, (m, 3, H, W), and which they are, (n,) bool."""
    images = [image for image in batch if image is not None]
    if len({image.shape for image in images}) > 1:
        raise UserError('images differ in size: pass --image-size or ,size=S')
    readable = torch.tensor([image is not None for image in batch])
    return torch.stack(images) if images else None, readable
