"""Which sample comes when, in which stage, with which randomness."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sized
from itertools import islice
from typing import NamedTuple

import torch
from mmengine.dist import get_dist_info, sync_random_seed
from mmengine.registry import DATA_SAMPLERS
from mmpretrain.registry import DATA_SAMPLERS as ORDERS
from torch.utils.data import Sampler

from ...errors import UserError
from ...rng import generator_of, seed_of, seeded


class RelaIndex(NamedTuple):
    """What a sampler tells the dataset about one sample."""
    index: int  # type: ignore[assignment]  # hides the tuple's own method
    lam: int  # λ: 1 for weak views and a target, 0 for the host's views
    view_seed: int
    epoch: int = 0  # which tells the stored view that is on


@DATA_SAMPLERS.register_module()
class RelaSampler(Sampler):
    """Stamps each index of another sampler's order.

    The stamp holds λ at the moment at which the loader asks for the
    sample, a seed for its views that depends on (seed, epoch, position)
    alone, and the epoch. :class:`AdaptiveLambdaHook` writes ``lam`` and calls
    :meth:`start`, :meth:`align` and :meth:`skip`; nobody else does.

    Args:
        dataset: The dataset.
        ratio: Of the :class:`BudgetSampler` that gives the order.
        seed: The same on all ranks; ``None`` draws one and shares it.
        order: Config of another sampler that gives it, such as
            ``dict(type='RepeatAugSampler')``; it shares out the samples
            to the ranks itself. What it draws from `random`, numpy or
            torch depends on (seed, epoch), too.

    Raises:
        UserError: ``ratio`` is not in (0, 1], or given beside ``order``;
            an epoch of ``order`` has not as many samples as its length,
            or others each time.
    """

    def __init__(self,
                 dataset: Sized,
                 ratio: float = 1.0,
                 seed: int | None = None,
                 order: dict | None = None) -> None:
        if order is not None and ratio != 1:
            raise UserError('train_dataloader.sampler: RelaSampler takes '
                            'ratio or order, not both')
        self.rank, self.world_size = get_dist_info()
        self.dataset = dataset
        self._config = order or dict(type='BudgetSampler', ratio=ratio)
        self.epoch = 0
        self.seed = sync_random_seed() if seed is None else seed
        self.lam = 1  # λ that is wanted
        self._stamped = 1  # λ in force until the next boundary
        self.align(0, 1)
        self._skipped = 0
        if order is not None and self._indices() != self._indices():
            raise UserError(
                f'{self._name} gives another order each time: let it depend '
                'on its seed and set_epoch() alone, as DefaultSampler does')

    @property
    def seed(self) -> int:
        """Of order and views; setting it builds the order anew."""
        return self._seed

    @seed.setter
    def seed(self, seed: int) -> None:
        self._seed = seed
        self.order = ORDERS.build(
            self._config, default_args=dict(dataset=self.dataset, seed=seed))
        self.set_epoch(self.epoch)

    def __len__(self) -> int:
        """Samples of this rank in an epoch."""
        return len(self.order)

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose samples the next iteration draws."""
        self.epoch = epoch
        if hasattr(self.order, 'set_epoch'):
            self.order.set_epoch(epoch)

    def align(self, offset: int, group: int, hold: int = 0,
              after: Callable[[int], int] = lambda position: 0) -> None:
        """Let λ change at positions ``offset + i * group`` only.

        With gradient accumulation a group is the samples of one optimiser
        step, so that no step mixes the two stages.

        Args:
            offset, group: See there.
            hold: λ does not change before this position.
            after: λ of such a position once ``lam`` has fallen to 0.
        """
        self._boundary = (offset, group, hold, after)

    def start(self, lam: int) -> None:
        """Set λ at the beginning of the training, without waiting."""
        self.lam = self._stamped = lam

    def skip(self, count: int) -> None:
        """Let the next iteration, and no other, leave out its first ones."""
        self._skipped = count

    def __iter__(self) -> Iterator[RelaIndex]:
        # Drawn for all ranks and shared out, like the indices: a resumed
        # epoch, or one with other workers, sees the very same views.
        seeds = torch.randint(
            2**31, (len(self) * self.world_size, ),
            generator=generator_of(self.seed, self.epoch, 1)
        )[self.rank::self.world_size]
        epoch, (offset, group, hold, after) = self.epoch, self._boundary
        skipped, self._skipped = self._skipped, 0
        pairs = enumerate(zip(self._indices(), seeds.tolist()))
        for position, (index, view_seed) in islice(pairs, skipped, None):
            # λ may fall while the loader is within a step's samples: the
            # rest of them keep the stage that the step began in.
            if position >= hold and position % group == offset:
                self._stamped = self.lam or after(position)
            yield RelaIndex(index, self._stamped, view_seed, epoch)

    @property
    def _name(self) -> str:
        return ('the order of train_dataloader.sampler, '
                f'{type(self.order).__name__},')

    def _indices(self) -> list[int]:
        with seeded(seed_of(self.seed, self.epoch, 2)):
            # One more than there should be, as some never end.
            indices = [*map(int, islice(self.order, len(self) + 1))]
        if len(indices) != len(self):
            raise UserError(
                f'{self._name} has not as many samples as its length says, '
                f'{len(self)} a rank: RelaSampler needs epochs, also where '
                'training goes by iterations')
        return indices
