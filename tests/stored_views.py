"""Stored views made by hand, and targets of them."""
from __future__ import annotations

import numpy as np
import torch
from hosts import DIM
from mmengine.config import Config
from mmpretrain.registry import DATASETS
from PIL import Image
from torchvision.transforms import RandomResizedCrop

from mmrela.rng import seed_of
from mmrela.targets import Manifest, hash_ids, write_store


def naive(image: Image.Image, row: int, view: int) -> np.ndarray:
    """The weak view of section 4.1, as large as the image came in."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(row, view))
        return np.array(RandomResizedCrop(
            image.size[::-1], (0.5, 1.0), (3 / 4, 4 / 3))(image))


def write_views(cfg: Config, views: int) -> np.ndarray:
    """Give a config random targets of each view, (views · N, DIM)."""
    data = cfg.train_dataloader.dataset
    data.targets += f'_{views}'
    dataset = DATASETS.build(data)
    count = len(dataset.dataset)
    vectors = np.random.default_rng(0).normal(size=(views * count, DIM))
    write_store(data.targets, [vectors], Manifest(
        count, DIM, 'float32', hash_ids(dataset.sample_ids()), views=views))
    return vectors.astype(np.float32)
