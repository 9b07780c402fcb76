"""The host's dataset, with targets beside its images."""
from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import takewhile

import numpy as np
import torch
from mmengine.dataset import Compose
from mmpretrain.registry import DATASETS, TRANSFORMS
from torch.utils.data import Dataset, get_worker_info

from .errors import UserError
from .sampler import RelaIndex
from .targets import TargetStore, hash_ids


@DATASETS.register_module()
class RelaTargetDataset(Dataset):
    """Serves the stage that :class:`RelaSampler` stamped on the index.

    In the RELA stage a sample is loaded as the host loads it (its leading
    ``Load…`` transforms), goes through ``rela_pipeline`` and gets its
    target; in the host's stage, or for a plain integer, it is exactly what
    the host's dataset returns.

    Args:
        host: Registry name of the host's dataset.
        targets: Directory of the target store.
        rela_pipeline: Transforms of the weak views, packing included.
        **kwargs: The host dataset's own arguments.
    """

    def __init__(self, host: str, targets: str, rela_pipeline: list[dict],
                 **kwargs) -> None:
        try:
            self.dataset = DATASETS.build(dict(type=host, **kwargs))
        except (OSError, AssertionError, RuntimeError) as e:
            raise UserError(f'{host} cannot read its data ({e}): point '
                            'train_dataloader.dataset.data_root to it') from e
        self.targets = targets
        self.rela_pipeline = Compose(
            [TRANSFORMS.build(t) for t in rela_pipeline])

    @cached_property
    def store(self) -> TargetStore:
        """The targets, opened when they are first needed."""
        return TargetStore.open(self.targets)

    @property
    def metainfo(self) -> dict:
        return self.dataset.metainfo

    def full_init(self) -> None:
        self.dataset.full_init()

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int | RelaIndex) -> dict:
        """``inputs``, a list of views (C, H, W), and ``data_samples``."""
        if not isinstance(index, tuple):
            return self.dataset[index]
        index, value, view_seed = index
        with seeded(view_seed):
            return self._rela(index) if value else self.dataset[index]

    def _rela(self, index: int) -> dict:
        results = self.rela_pipeline(load_sample(self.dataset, index))
        results['data_samples'].set_field(
            torch.from_numpy(self.store[index]), 'rela_target')
        return results

    def sample_ids(self) -> Iterator[str]:
        """One name per sample: its path, or its index and pixels' hash."""
        for index in range(len(self)):
            dataset, local = _locate(self.dataset, index)
            info = dataset.get_data_info(local)
            if 'img_path' in info:
                yield info['img_path'].removeprefix(dataset.data_root or '')
            else:
                image = np.ascontiguousarray(info['img'])
                pixels = hashlib.blake2b(image, digest_size=16)
                yield f'{index}:{image.shape}:{pixels.hexdigest()}'

    def check_targets(self, dim: int | None = None) -> None:
        """Make sure that the store belongs to these images and this width.

        Raises:
            TargetStoreError: says what differs, and the cure.
        """
        self.store.check(hash_ids(self.sample_ids()), len(self), dim)


def load_sample(dataset: Dataset, index: int) -> dict:
    """Annotation of one sample, with the image in ``img``, (H, W, C) uint8.

    Args:
        dataset: One of mmpretrain's, or a ``ConcatDataset`` of them; its
            pipeline's leading ``Load…`` transforms read the image.
        index: Which sample.

    Raises:
        UserError: the image cannot be read.
    """
    dataset, local = _locate(dataset, index)
    info = dataset.get_data_info(local)
    name = info.get('img_path', f'image {index}')
    for load in takewhile(_is_loading, dataset.pipeline.transforms):
        try:
            info = load(info)
        except Exception as e:
            raise UserError(f'{name} cannot be read ({e}): mend or remove '
                            'it') from e
        if info is None:
            raise UserError(f'{name} cannot be read: mend or remove it')
    return info


def _is_loading(transform: object) -> bool:
    return type(transform).__name__.startswith('Load')


def _locate(dataset: Dataset, index: int) -> tuple[Dataset, int]:
    """The dataset that really holds a sample, and its index there."""
    while hasattr(dataset, 'datasets'):  # ConcatDataset
        which, index = dataset._get_ori_dataset_idx(index)
        dataset = dataset.datasets[which]
    return dataset, index


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed `random`, numpy and torch's CPU generator.

    A loader's worker is left as it is, since each sample seeds anew; in
    the main process the former state comes back.
    """
    in_main = get_worker_info() is None
    if in_main:
        former = (random.getstate(), np.random.get_state(),
                  torch.get_rng_state())
    random.seed(seed)
    np.random.seed(seed)
    torch.default_generator.manual_seed(seed)
    try:
        yield
    finally:
        if in_main:
            random.setstate(former[0])
            np.random.set_state(former[1])
            torch.set_rng_state(former[2])
