"""Which share of the data an epoch takes."""
from __future__ import annotations

import math
from collections.abc import Iterator, Sized

import torch
from mmengine.dist import get_dist_info, sync_random_seed
from mmengine.registry import DATA_SAMPLERS
from torch.utils.data import Sampler

from ...errors import UserError
from ...rng import generator_of


@DATA_SAMPLERS.register_module()
class BudgetSampler(Sampler):
    """A fresh random share of the data each epoch, in random order.

    All ranks draw the same share and split it; it is padded by repeats to
    a multiple of their number.

    Args:
        dataset: The dataset.
        ratio: Share of the samples that an epoch takes, in (0, 1].
        seed: The same on all ranks; ``None`` draws one and shares it.

    Raises:
        UserError: ``ratio`` is not in (0, 1].
    """

    def __init__(self,
                 dataset: Sized,
                 ratio: float = 1.0,
                 seed: int | None = None) -> None:
        if not 0 < ratio <= 1:
            raise UserError(f'ratio must lie in (0, 1], got {ratio}')
        self.rank, self.world_size = get_dist_info()
        self.dataset = dataset
        self.seed = sync_random_seed() if seed is None else seed
        self.epoch = 0
        self.budget = max(1, round(len(dataset) * ratio))

    def __len__(self) -> int:
        """Samples of this rank in an epoch."""
        return math.ceil(self.budget / self.world_size)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose samples the next iteration draws."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        generator = generator_of(self.seed, self.epoch, 0)
        order = torch.randperm(len(self.dataset), generator=generator)
        order = order[:self.budget]
        total = len(self) * self.world_size
        order = order.repeat(math.ceil(total / self.budget))[:total]
        return iter(order[self.rank::self.world_size].tolist())
