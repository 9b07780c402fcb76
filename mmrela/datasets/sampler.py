"""Which sample comes when, in which stage, with which randomness."""
from __future__ import annotations

import math
from collections.abc import Iterator, Sized
from typing import NamedTuple

import numpy as np
import torch
from mmengine.dist import get_dist_info, sync_random_seed
from mmengine.registry import DATA_SAMPLERS
from torch.utils.data import Sampler

from ..errors import UserError


class RelaIndex(NamedTuple):
    """What a sampler tells the dataset about one sample."""
    index: int
    lam: int  # λ: 1 for weak views and a target, 0 for the host's views
    view_seed: int


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

    def _generator(self, stream: int) -> torch.Generator:
        """Random numbers of this seed and epoch; streams do not overlap."""
        sequence = np.random.SeedSequence((self.seed, self.epoch, stream))
        seed = int(sequence.generate_state(1, np.uint64)[0])
        return torch.Generator().manual_seed(seed)

    def _indices(self) -> list[int]:
        order = torch.randperm(len(self.dataset), generator=self._generator(0))
        order = order[:self.budget]
        total = len(self) * self.world_size
        order = order.repeat(math.ceil(total / self.budget))[:total]
        return order[self.rank::self.world_size].tolist()

    def __iter__(self) -> Iterator[int]:
        return iter(self._indices())


@DATA_SAMPLERS.register_module()
class RelaSampler(BudgetSampler):
    """A :class:`BudgetSampler` that stamps each index.

    The stamp holds λ at the moment at which the loader asks for the
    sample, and a seed for its views that depends on (seed, epoch,
    position) alone. :class:`AdaptiveLambdaHook` writes ``lam`` and calls
    :meth:`align`; nobody else does.
    """

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.lam = 1  # λ that is wanted
        self._stamped = 1  # λ in force until the next boundary
        self._boundary = (0, 1)

    def align(self, offset: int, group: int) -> None:
        """Let λ change at positions ``offset + i * group`` only.

        With gradient accumulation a group is the samples of one optimiser
        step, so that no step mixes the two stages.
        """
        self._boundary = (offset, group)

    def start(self, lam: int) -> None:
        """Set λ at the beginning of the training, without waiting."""
        self.lam = self._stamped = lam

    def __iter__(self) -> Iterator[RelaIndex]:
        # Drawn for all ranks and shared out, like the indices: a resumed
        # epoch, or one with other workers, sees the very same views.
        seeds = torch.randint(
            2**31, (len(self) * self.world_size, ),
            generator=self._generator(1))[self.rank::self.world_size]
        offset, group = self._boundary
        pairs = zip(self._indices(), seeds.tolist())
        for position, (index, view_seed) in enumerate(pairs):
            # λ may fall while the loader is within a step's samples: the
            # rest of them keep the stage that the step began in.
            if position % group == offset:
                self._stamped = self.lam
            yield RelaIndex(index, self._stamped, view_seed)
