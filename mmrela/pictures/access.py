"""Samples of mmpretrain's data sets: their images, names and ids."""
from __future__ import annotations

import hashlib
import os
from itertools import takewhile

import numpy as np
from mmpretrain.datasets import KFoldDataset
from torch.utils.data import Dataset

from ..errors import BadImageError, UserError


def sample_id(dataset: Dataset, index: int) -> str:
    """A sample's path below ``data_root``, or its index and pixels' hash."""
    where, local = locate(dataset, index)
    info = where.get_data_info(local)
    if 'img_path' in info:
        path = os.fspath(info['img_path']).removeprefix(
            os.fspath(where.data_root or ''))
        return path.lstrip('/')
    return f'{index}:{_pixels_id(_stored(where, local, info))}'


def content_id(dataset: Dataset, index: int) -> str:
    """The same for the same image in any data set: its file, or pixels."""
    where, local = locate(dataset, index)
    info = where.get_data_info(local)
    if 'img_path' in info:
        return os.path.abspath(info['img_path'])
    return _pixels_id(_stored(where, local, info))


def _stored(dataset: Dataset, index: int, info: dict) -> np.ndarray:
    """Pixels in memory, or what a data set of items stores."""
    if 'img' not in info and not hasattr(dataset, 'stored'):
        raise UserError(
            f'{type(dataset).__name__} names none of its samples: let each '
            "have an 'img_path' in the data list, whatever else its loader "
            "reads, or its pixels in 'img'")
    return info['img'] if 'img' in info else dataset.stored(index)


def _pixels_id(image: np.ndarray) -> str:
    image = np.ascontiguousarray(image)
    pixels = hashlib.blake2b(image.data, digest_size=16)
    return f'{image.shape}:{pixels.hexdigest()}'


def load_sample(dataset: Dataset, index: int) -> dict:
    """Annotation of one sample, with the image in ``img``, (H, W, C) uint8.

    Args:
        dataset: One of mmpretrain's, or a wrapper such as mmengine's
            ``ConcatDataset``; the pipeline's leading ``Load…`` transforms
            read the image.
        index: Which sample.

    Raises:
        UserError: the image cannot be read, or no transform does.
    """
    dataset, local = locate(dataset, index)
    info = dataset.get_data_info(local)
    name = _name(info, index)
    steps = getattr(getattr(dataset, 'pipeline', None), 'transforms', None)
    if steps is None:
        raise UserError(
            f'{type(dataset).__name__} has no `pipeline` of transforms that '
            'load its images: give it that of the data set inside, or let '
            "it be a subclass of one of mmengine's wrappers")
    for load in takewhile(is_loading, steps):
        try:
            info = load(info)
        except Exception as e:
            raise BadImageError(f'{name} cannot be read ({e}): mend or '
                                'remove it') from e
        if info is None:
            raise BadImageError(
                f'{name} cannot be read: mend or remove it')
    if 'img' not in info:
        raise UserError(
            "the data set's pipeline must begin by loading its images: put "
            "dict(type='LoadImageFromFile') first in its `pipeline`")
    return info


def sample_name(dataset: Dataset, index: int) -> str:
    """A sample's path, or its number, for messages."""
    where, local = locate(dataset, index)
    return _name(where.get_data_info(local), index)


def _name(info: dict, index: int) -> str:
    return str(info.get('img_path', f'image {index}'))


def is_loading(transform: object) -> bool:
    """Whether it is one of the ``Load…`` transforms, by its name."""
    return type(transform).__name__.startswith('Load')


def locate(dataset: Dataset, index: int) -> tuple[Dataset, int]:
    """The data set that really holds a sample, and its index there."""
    while hasattr(dataset, '_get_ori_dataset_idx'):  # mmengine's wrappers
        if isinstance(dataset, KFoldDataset):  # around its own fold alone
            len(dataset)  # which it takes now, if not before
            dataset = dataset.dataset
            continue
        found = dataset._get_ori_dataset_idx(index)
        if hasattr(dataset, 'datasets'):  # ConcatDataset
            which, index = found
            dataset = dataset.datasets[which]
        else:  # RepeatDataset
            dataset, index = dataset.dataset, found
    return dataset, index


def takes_grey(cfg: dict) -> bool:
    """Whether the config's backbone takes one channel, as far as it tells."""
    model = cfg.get('model') or {}
    stats = (model.get('data_preprocessor')
             or cfg.get('data_preprocessor') or {})
    channels = (model.get('backbone') or {}).get('in_channels')
    return 1 == (channels or len(stats.get('mean') or ()))
