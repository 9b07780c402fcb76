"""Stored views made by hand, and targets of them."""
from __future__ import annotations

import numpy as np
import torch
from hosts import DIM
from mmengine.config import Config
from mmpretrain.registry import DATASETS
from PIL import Image
from torchvision.transforms import RandomResizedCrop

from mmrela.pictures.crops import RULE
from mmrela.rng import seed_of
from mmrela.targets import Manifest, hash_ids, write_store


def naive(image: Image.Image, row: int, view: int) -> np.ndarray:
    """The weak view of section 4.1, as large as the image came in.

    Its box is drawn on a square of 4096 x 4096, laid over the image.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(row, view))
        top, left, height, width = RandomResizedCrop.get_params(
            torch.empty(1, 4096, 4096), [0.5, 1.0], [3 / 4, 4 / 3])
    x, y = (side / 4096 for side in image.size)
    box = [left * x, top * y, (left + width) * x, (top + height) * y]
    return np.array(image.crop([*map(round, box)]).resize(
        image.size, Image.BILINEAR))


def write_views(cfg: Config, views: int) -> np.ndarray:
    """Give a config random targets of each view, (views · N, DIM)."""
    data = cfg.train_dataloader.dataset
    data.targets += f'_{views}'
    dataset = DATASETS.build(data)
    count = len(dataset.dataset)
    vectors = np.random.default_rng(0).normal(size=(views * count, DIM))
    write_store(data.targets, [vectors], Manifest(
        count, DIM, 'float32', hash_ids(dataset.sample_ids()),
        prior=dict(preprocessing=f'{RULE}; none'), views=views))
    return vectors.astype(np.float32)
