"""The stage of each batch, by steps of the training."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count, repeat

import numpy as np
from torch.utils.data import DataLoader

from ...datasets.samplers.rela_sampler import RelaSampler
from .fade import Fade


class StagedLoader:
    """A loader, and what its sampler must know of the training's steps.

    Args:
        loader: Its batch sampler has a :class:`RelaSampler`.
        accumulation: Batches of an optimiser step.
        host_from: Step whose batch is the host's first, if the training has
            handed over before it was resumed, else 0.
        steps: Of the whole training.
        share: λ just after the hand-over, see :class:`~.fade.Fade`.
    """

    def __init__(self, loader: DataLoader, accumulation: int,
                 host_from: int, steps: int, share: float = 0) -> None:
        self.loader = loader
        self.accumulation = accumulation
        self.sampler: RelaSampler = loader.batch_sampler.sampler
        self._plan(Fade(share, host_from, steps, accumulation,
                        self.sampler.seed))

    def _plan(self, fade: Fade) -> None:
        self.fade, self._relas = fade, fade.relas()
        self._passed = np.concatenate([[0], self._relas.cumsum()])

    @property
    def host_from(self) -> int:
        """Step whose batch is the host's first; 0 before the hand-over."""
        return self.fade.first

    def relas(self, start: int, stop: int) -> int:
        """How many steps after the hand-over are RELA's: [start, stop).

        With larger batches, a resumed training may go on beyond its end.
        """
        start, stop = (min(step, self.fade.steps) for step in (start, stop))
        return int(self._passed[stop] - self._passed[start])

    def start(self, lam: int, step: int) -> bool:
        """Begin at a step under λ; whether any batch will be RELA's."""
        in_flight = step < self.host_from
        self.sampler.start(int(in_flight) or lam or self._stage(step))
        self.sampler.lam = lam
        return bool(in_flight or lam or self._relas[step:].any())

    def _stage(self, step: int) -> int:
        """λ of a step after the hand-over; some that are asked for lie
        beyond the training's end."""
        return int(step < self.fade.steps and self._relas[step])

    def enter(self, first: int) -> None:
        """Begin an epoch, whose first batch is that of step ``first``."""
        self._end = first + len(self.loader)
        batch = self.loader.batch_sampler.batch_size
        # An epoch may begin within a step: the boundary is counted from there.
        self.sampler.align(
            -first % self.accumulation * batch, self.accumulation * batch,
            (self.host_from - first) * batch,
            lambda position: self._stage(first + position // batch))

    def hand_over(self, step: int) -> int:
        """Let λ fall before a step; how many batches may be in flight.

        The loader stays as many batches ahead of the model on each rank, so
        all ranks change at one batch, without a word among them.
        """
        self.sampler.lam = 0
        in_flight = self.loader.num_workers * (
            self.loader.prefetch_factor or 0)
        asked_for = min(step + in_flight, self._end)
        self._plan(replace(
            self.fade, first=asked_for + -asked_for % self.accumulation))
        return in_flight

    def batches(self, done: int) -> Iterator[dict | None]:
        """Batches without end, in epochs; those that are done are ``None``.

        For ``IterBasedTrainLoop``, whose own iterator asks for data before
        the runner has resumed and any hook has run. It passes over what a
        resumed training has seen by loading it.
        """
        yield from repeat(None, done)
        self.loader._iterator = None  # of workers from before the hooks
        first, skipped = divmod(done, len(self.loader))
        for epoch in count(first):
            self.enter(epoch * len(self.loader))
            self.sampler.set_epoch(epoch)
            self.sampler.skip(skipped * self.loader.batch_sampler.batch_size)
            yield from self.loader
            skipped = 0
