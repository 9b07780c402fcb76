"""CIFAR as its home page offers it to languages other than Python."""
from __future__ import annotations

from pathlib import Path

import numpy as np
from mmpretrain.datasets import BaseDataset
from mmpretrain.datasets.categories import (
    CIFAR10_CATEGORIES,
    CIFAR100_CATEGORIES,
)
from mmpretrain.registry import DATASETS

from ..errors import UserError


class _Binary(BaseDataset):
    """A CIFAR from its binary files; nothing is unpickled.

    Args:
        data_root: Directory that holds the unpacked archive's folder.
        split: ``train`` (50,000 images) or ``test`` (10,000).
        **kwargs: As for mmpretrain's ``BaseDataset``.

    Raises:
        UserError: a file is missing or has another size; an unknown split.
    """

    FOLDER: str
    FILES: dict[str, list[str]]
    LABELS: int  # bytes before the pixels; the last one counts
    CURE: str

    def __init__(self, data_root: str, split: str = 'train', **kwargs):
        if split not in self.FILES:
            raise UserError(f'split must be train or test, got {split!r}')
        self.split = split
        # Samples are views of one array; pickling each takes seconds.
        kwargs.setdefault('serialize_data', False)
        super().__init__(ann_file='', data_root=data_root, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Read images, 32 × 32 × 3 uint8 RGB, and labels."""
        files = self.FILES[self.split]
        total = dict(train=50000, test=10000)[self.split]
        rows = np.concatenate(
            [self._read(name, total // len(files)) for name in files])
        images = rows[:, self.LABELS:].reshape(-1, 3, 32, 32)
        images = np.ascontiguousarray(images.transpose(0, 2, 3, 1))
        return [dict(img=image, gt_label=int(label))
                for image, label in zip(images, rows[:, self.LABELS - 1])]

    def _read(self, name: str, count: int) -> np.ndarray:
        """Rows of labels and pixels, (count, LABELS + 3072) uint8."""
        file = Path(self.data_root) / self.FOLDER / name
        try:
            rows = np.fromfile(file, np.uint8)
            return rows.reshape(count, self.LABELS + 3072)
        except (OSError, ValueError) as e:
            raise UserError(
                f'{file} is missing or damaged: {self.CURE}') from e


@DATASETS.register_module()
class CIFAR10Binary(_Binary):
    __doc__ = _Binary.__doc__
    METAINFO = {'classes': CIFAR10_CATEGORIES}
    FOLDER = 'cifar-10-batches-bin'
    FILES = dict(
        train=[f'data_batch_{i}.bin' for i in range(1, 6)],
        test=['test_batch.bin'])
    LABELS = 1
    CURE = 'run python tools/prepare_cifar10.py'


@DATASETS.register_module()
class CIFAR100Binary(_Binary):
    __doc__ = _Binary.__doc__
    METAINFO = {'classes': CIFAR100_CATEGORIES}
    FOLDER = 'cifar-100-binary'
    FILES = dict(train=['train.bin'], test=['test.bin'])
    LABELS = 2  # of the coarse class, then of the fine one
    CURE = 'unpack cifar-100-binary.tar.gz of its home page there'
