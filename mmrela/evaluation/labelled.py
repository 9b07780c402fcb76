"""Features and labels that a score needs, by one process or several."""
from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from mmengine.config import Config, ConfigDict
from torch import Tensor

from .. import processes
from ..config.misspelt import misspelt
from ..errors import UserError
from ..features.images import images_of
from ..features.labelled import LabelledImages
from ..pictures.access import content_id
from ..priors import Prior
from ..priors.either import either

Labelled = tuple[Tensor, Tensor]  # features (N, d) and labels (N,)


def with_images(cfg: Config, folder: str | Path | None = None) -> Config:
    """The config itself, with labelled images to score on in ``probe``.

    Args:
        cfg: A config.
        folder: See :func:`class_folders`, at the size that ``probe`` has for
            images; ``None`` for the config's own.

    Raises:
        UserError: it has none.
    """
    if folder is not None:
        side = (cfg.get('probe') or {}).get('image_size')
        cfg.probe = class_folders(Path(folder))
        if side:
            cfg.probe.image_size = side
    if not cfg.get('probe'):
        raise UserError(f'{cfg.filename} has no `probe` entry with labelled '
                        'train and test images: pass --data FOLDER')
    return cfg


def network(cfg: Config, checkpoint: str | Path | None, prior: str | None,
            weights: str | None = None, image_size: int | None = None
            ) -> Prior:
    """What :func:`~mmrela.priors.either.either` is, for ``probe``'s images.

    A checkpoint sees them at ``probe.image_size``, unless another is asked.
    """
    if checkpoint is not None:
        image_size = image_size or cfg.probe.get('image_size')
    return either(cfg, checkpoint, prior, weights, image_size)


def class_folders(folder: Path) -> ConfigDict:
    """A config's ``probe`` of ``train/CLASS/…`` and ``val/CLASS/…``.

    Raises:
        UserError: one of them is not there.
    """
    for split in ('train', 'val'):
        if not (folder / split).is_dir():
            raise UserError(f'--data {folder} has no folder {split}: it takes '
                            'train/CLASS/IMAGE and val/CLASS/IMAGE')
    images = dict(type='CustomDataset', data_root=str(folder),
                  pipeline=[dict(type='LoadImageFromFile')])
    return ConfigDict(train=dict(images, data_prefix='train'),
                      test=dict(images, data_prefix='val'))


class Splits(NamedTuple):
    """Labelled images to train on, and to test on.

    ``seen`` is the share of test images that are training images, too.
    """
    train: Labelled
    test: Labelled
    seen: float

    def warning(self) -> str:
        """What a reader of the scores must know, if anything."""
        if self.seen <= 0.01:
            return ''
        return (f'{self.seen:.0%} of the test images are training images, so '
                'this says little of unseen ones: look at `probe`')


def both_splits(cfg: Config, model: Prior) -> Splits | None:
    """What a network makes of the images to train on, and to test on.

    Args:
        cfg: Its ``probe`` names the images.
        model: Whose features they are.

    Returns:
        ``None`` on all ranks but the first, which gets what all computed.

    Raises:
        UserError: the images are not there, or have no labels, or the two
            splits have other classes.
    """
    with misspelt(cfg.filename):
        splits = {name: LabelledImages(f'probe.{name}', cfg.probe.get(name))
                  for name in ('train', 'test')}
        _check_classes(splits)
        train, test = (_gather(cfg, model, labelled, name)
                       for name, labelled in splits.items())
    return Splits(train, test, _seen(splits)) if train and test else None


def _seen(splits: dict[str, LabelledImages]) -> float:
    train, test = ({content_id(split.dataset, row) for row in split.rows}
                   for split in splits.values())
    return len(train & test) / len(test)


def _gather(cfg: Config, model: Prior, labelled: LabelledImages,
            title: str) -> Labelled | None:
    images = images_of(cfg, labelled.dataset, model)
    parts = processes.to_first([*labelled.extract(images, title, twice=True)])
    if parts is None:
        return None
    pairs = [pair for part in parts for pair in part]
    features, labels = map(torch.cat, zip(*pairs))
    return features, labels


def _check_classes(splits: dict[str, LabelledImages]) -> None:
    """Folders are numbered in their order: one more would shift the rest."""
    train, test = (set(getattr(split.dataset, 'CLASSES', None) or ())
                   for split in splits.values())
    if train and test and train != test:
        odd = sorted(train ^ test)[0]
        raise UserError(f'probe.train and probe.test have other classes: '
                        f'{odd!r} is in one of them alone; give both the same '
                        'folders')
