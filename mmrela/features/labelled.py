"""Labelled images, whose features the ranks compute together."""
from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from mmengine.dist import get_dist_info
from torch import Tensor

from ..datasets.host import build_host
from ..datasets.missing import explained
from ..errors import UserError
from .extract import batches_of, extract, share
from .images import PriorImages


class LabelledImages:
    """A data set of mmpretrain's with labels, or a part of it.

    Args:
        name: What messages call it, such as ``probe.train``.
        cfg: The data set's config.
        limit: At most so many images, evenly spaced; ``None`` for all.

    Raises:
        UserError: there is none, it cannot be read, or it has no labels.
    """

    def __init__(self, name: str, cfg: dict | None,
                 limit: int | None = None) -> None:
        if cfg is None:
            raise UserError(f'no data set for {name}: set it in the config')
        with explained(cfg, name, name):
            self.dataset = build_host(cfg)
            self.dataset.full_init()
        try:
            labels = self.dataset.get_gt_labels()
        except (AttributeError, KeyError) as e:
            raise UserError(f'{name} has no labels: name a data set that '
                            'has') from e
        self.labels = torch.as_tensor(labels).long()  # of all images, (N,)
        total = len(labels)
        self.rows = range(0, total, math.ceil(total / min(limit or total,
                                                          total)))

    def __len__(self) -> int:
        """Images of all ranks."""
        return len(self.rows)

    def extract(self, images: PriorImages, title: str | None = None,
                twice: bool = False) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield features, (n, d), and labels, (n,), of this rank's share.

        Those of rank 0, rank 1 and so on, one after the other, are what a
        single rank yields. Features are float32, labels int64, both on the
        CPU.

        Args:
            images: ``self.dataset`` as a prior sees it.
            title: Of the first rank's progress bar; ``None`` for none.
            twice: See :func:`~mmrela.features.extract.extract`.

        Raises:
            UserError: as :func:`~mmrela.features.extract.extract`.
        """
        rank, size = get_dist_info()
        batches = share(batches_of(self.rows))
        found = extract(images, None if rank else title, batches, size,
                        twice=twice)
        for batch, (features, readable) in zip(batches, found):
            yield features, self.labels[list(batch)][readable]
