"""Features of a data set's images under a prior model."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from .dataset import load_sample
from .errors import UserError
from .priors import Prior

BATCH_SIZE = 128  # fixed: another one rounds features differently


class PriorImages(Dataset):
    """A data set's images as a prior model sees them.

    Args:
        dataset: One of mmpretrain's.
        prior: The prior model.
        bgr: Whether the data set loads BGR, as mmcv does.
    """

    def __init__(self, dataset: Dataset, prior: Prior, bgr: bool) -> None:
        self.dataset = dataset
        self.preprocess = prior.preprocess
        self.bgr = bgr

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> torch.Tensor:
        image = load_sample(self.dataset, index)['img']
        if self.bgr:
            image = image[..., ::-1]
        return self.preprocess(Image.fromarray(np.ascontiguousarray(image)))


def loads_bgr(cfg: dict) -> bool:
    """Whether the config's images come as BGR: its model then swaps them."""
    preprocessor = cfg['model'].get('data_preprocessor') or cfg.get(
        'data_preprocessor', {})
    return bool(preprocessor.get('to_rgb', False))


def extract(prior: Prior,
            images: PriorImages,
            workers: int,
            title: str = 'features') -> Iterator[torch.Tensor]:
    """Yield features, (n, d) float32 on the CPU, in the images' order.

    A bar shows images per second and the time left. The model runs on the
    GPU if there is one.

    Raises:
        UserError: an image cannot be read, images differ in size after
            preprocessing, or features are not finite.
    """
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    model = prior.model.to(device)
    loader = DataLoader(images, BATCH_SIZE, num_workers=workers,
                        collate_fn=_stack, pin_memory=device == 'cuda')
    with tqdm(total=len(images), unit='img', desc=title) as bar, \
            torch.inference_mode():
        for batch in loader:
            features = model(batch.to(device, non_blocking=True)).float()
            if not features.isfinite().all():
                bad = int((~features.isfinite().all(1)).nonzero()[0])
                raise UserError(f'{prior.name} gives NaN or infinite features '
                                f'for image {bar.n + bad}: look at it, or '
                                'take another prior')
            bar.update(len(batch))
            yield features.cpu()


def _stack(batch: list[torch.Tensor]) -> torch.Tensor:
    if len({image.shape for image in batch}) > 1:
        raise UserError('the images differ in size: pass --image-size')
    return torch.stack(batch)
