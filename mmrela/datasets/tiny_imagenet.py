"""Tiny-ImageNet as its archive lays it out."""
from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from mmpretrain.datasets import BaseDataset
from mmpretrain.registry import DATASETS, TRANSFORMS

from ..errors import UserError
from ..pictures.formats import LoadPicture


@TRANSFORMS.register_module()
class LoadRGBImageFromFile(LoadPicture):
    """Loads RGB, where mmcv's own transform gives BGR; grey ones, too."""

    channel_order = 'rgb'

    def transform(self, results: dict) -> dict | None:
        """Add ``img``, (H, W, 3) uint8 RGB, as read from ``img_path``."""
        loaded = super().transform(results)
        if loaded is not None:  # as `ignore_empty` leaves bad images out
            loaded['img'] = np.ascontiguousarray(loaded['img'][..., ::-1])
        return loaded


@DATASETS.register_module()
class TinyImageNet(BaseDataset):
    """Tiny-ImageNet: 200 classes of 64 × 64 pixels.

    It loads its images itself, as RGB, so that a pipeline starts with the
    first augmentation, as for CIFAR. Labels follow the lines of
    ``wnids.txt``, whose words are the class names.

    Args:
        data_root: The unpacked ``tiny-imagenet-200``.
        split: ``train`` (100,000 images) or ``val`` (10,000).
        pipeline: Transforms after loading.
        **kwargs: As for mmpretrain's ``BaseDataset``.

    Raises:
        UserError: an unknown split; a list is missing or names an unknown
            class; a split without images.
    """

    def __init__(self,
                 data_root: str,
                 split: str = 'train',
                 pipeline: Sequence[dict] = (),
                 **kwargs) -> None:
        if split not in ('train', 'val'):
            raise UserError(f'split must be train or val, got {split!r}')
        self.split = split
        super().__init__(
            ann_file='', data_root=data_root,
            pipeline=[dict(type='LoadRGBImageFromFile'), *pipeline], **kwargs)

    def load_data_list(self) -> list[dict]:
        """Paths and labels, in the order of their names."""
        root = Path(self.data_root)
        wnids = [wnid for wnid, in _rows(root / 'wnids.txt')]
        self._metainfo.setdefault('classes', tuple(wnids))
        labels = {wnid: label for label, wnid in enumerate(wnids)}
        if self.split == 'train':
            samples = [(file.relative_to(root).as_posix(), file.parts[-3])
                       for file in root.glob('train/*/images/*.JPEG')]
        else:
            samples = [(f'val/images/{name}', wnid) for name, wnid, *_ in
                       _rows(root / 'val' / 'val_annotations.txt')]
        if not samples:
            raise UserError(f'{root / self.split} holds no images: point '
                            'data_root to the unpacked tiny-imagenet-200')
        try:  # data_root as it is spelled: sample ids are relative to it
            return [dict(img_path=os.path.join(self.data_root, name),
                         gt_label=labels[wnid])
                    for name, wnid in sorted(samples)]
        except KeyError as e:
            raise UserError(f'{root / self.split} has a class {e} that '
                            'wnids.txt does not list: unpack it anew') from e


def _rows(file: Path) -> list[list[str]]:
    try:
        return [line.split() for line in file.read_text().splitlines()]
    except OSError as e:
        raise UserError(f'{file} is missing: point data_root to the unpacked '
                        'tiny-imagenet-200') from e
