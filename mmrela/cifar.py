"""CIFAR-10 as its home page offers it to languages other than Python."""
from __future__ import annotations

from pathlib import Path

import numpy as np
from mmpretrain.datasets import BaseDataset
from mmpretrain.datasets.categories import CIFAR10_CATEGORIES
from mmpretrain.registry import DATASETS

from .errors import UserError

_FILES = dict(
    train=[f'data_batch_{i}.bin' for i in range(1, 6)],
    test=['test_batch.bin'])


@DATASETS.register_module()
class CIFAR10Binary(BaseDataset):
    """CIFAR-10 from its binary files; nothing is unpickled.

    Args:
        data_root: Directory that holds ``cifar-10-batches-bin``.
        split: ``train`` (50,000 images) or ``test`` (10,000).
        **kwargs: As for mmpretrain's ``BaseDataset``.

    Raises:
        UserError: a file is missing or has another size; an unknown split.
    """

    METAINFO = {'classes': CIFAR10_CATEGORIES}

    def __init__(self, data_root: str, split: str = 'train', **kwargs):
        if split not in _FILES:
            raise UserError(f'split must be train or test, got {split!r}')
        self.split = split
        super().__init__(ann_file='', data_root=data_root, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Read images, 32 × 32 × 3 uint8 RGB, and labels."""
        folder = Path(self.data_root) / 'cifar-10-batches-bin'
        rows = np.concatenate(
            [_read(folder / name) for name in _FILES[self.split]])
        images = rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        images = np.ascontiguousarray(images)
        return [dict(img=image, gt_label=int(label))
                for image, label in zip(images, rows[:, 0])]


def _read(file: Path) -> np.ndarray:
    """Rows of label and pixels, (10000, 3073) uint8."""
    try:
        return np.fromfile(file, np.uint8).reshape(10000, 3073)
    except (OSError, ValueError) as e:
        raise UserError(f'{file} is missing or damaged: run python '
                        'tools/prepare_cifar10.py') from e
