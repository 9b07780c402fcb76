"""A config's training images, their labels, and how many components."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from mmengine.config import Config
from mmpretrain.registry import DATASETS
from torch import Tensor
from torch.utils.data import Dataset

from ..datasets.rela_target import RelaTargetDataset
from ..errors import UserError
from ..pictures.access import locate
from ..resolve import resolve
from .misspelt import misspelt


def build_dataset(cfg: Config) -> RelaTargetDataset:
    """The config's training images.

    Raises:
        UserError: they are not wrapped for RELA, or cannot be built.
    """
    found = resolve(cfg.train_dataloader.dataset.type, DATASETS)
    if not (isinstance(found, type) and issubclass(found, RelaTargetDataset)):
        raise UserError('train_dataloader.dataset.type must be '
                        'RelaTargetDataset: see "Your config" in '
                        'tools/README.md')
    with misspelt(cfg.filename):
        return DATASETS.build(cfg.train_dataloader.dataset)


def head_width(cfg: Config) -> int:
    """Components that the config's head predicts.

    Raises:
        UserError: the config does not tell.
    """
    head = cfg.model.get('rela_head', {})
    width = (head.get('out_channels') or head.get('in_channels')
             or (cfg.model.get('neck') or {}).get('in_channels'))
    if not width:
        raise UserError('neither --dim nor model.rela_head.out_channels says '
                        'how many components to keep')
    return width


def own_labels(dataset: Dataset, rows: Sequence[int]) -> Tensor | None:
    """Labels of some samples, (n,) int64; ``None`` if they have none."""
    places = [locate(dataset, row) for row in rows]
    labels = [np.asarray(where.get_data_info(i).get('gt_label'))
              for where, i in places]  # MNIST's are arrays, without axes
    if not all(label.ndim == 0 and np.issubdtype(label.dtype, np.integer)
               for label in labels):
        return None
    return torch.from_numpy(np.stack(labels)).long()
