"""When to hand over from RELA to the host: rules for λ (paper, eq. 9)."""
from __future__ import annotations

import math
from abc import ABC, abstractmethod

from .errors import UserError


class LambdaRule(ABC):
    """What a training asks of a rule for λ, in this order.

    Attributes:
        lam: λ of the next step, 1 or 0.
        alone: Whether RELA is to have all of the training.
    """
    lam: int
    alone = False

    @property
    def value(self) -> int:
        """λ, as ``lam``."""
        return self.lam

    @abstractmethod
    def begin(self, total_steps: int) -> None:
        """Learn how many optimiser steps the training has in all.

        Comes after :meth:`load_state_dict` where a training is resumed,
        with as many as its first start would have if each step took as
        many images as now. Epochs that were added later do not count.
        """

    @abstractmethod
    def update(self, loss: float) -> int:
        """Take in the RELA loss of one optimiser step and return λ."""

    @abstractmethod
    def scalars(self) -> dict[str, float]:
        """What to log; names in ``rela_`` end with the RELA stage."""

    @abstractmethod
    def state_dict(self) -> dict:
        """All that a training changes, as plain numbers."""

    @abstractmethod
    def load_state_dict(self, state: dict) -> None:
        """Continue from :meth:`state_dict`."""


class AdaptiveLambda(LambdaRule):
    """Algorithm 1 of the paper: hand over once the RELA loss has settled.

    Two moving averages follow the loss, ``slow`` following ``fast``. λ
    falls from 1 to 0, once and for all, when ``slow`` has come down to
    ``fast``: ``exp(-max(slow - fast, 0)) >= threshold``.

    Args:
        fast: ℓ_f before the first update.
        slow: ℓ_s before the first update.
        lam: λ before the first update, 1 or 0.
        fast_momentum: Weight of the old ℓ_f in the new one.
        slow_momentum: Weight of the old ℓ_s in the new one.
        threshold: The test's right-hand side, in (0, 1].
    """

    def __init__(self, fast: float = 1.0, slow: float = 2.0, lam: int = 1,
                 fast_momentum: float = 0.999,
                 slow_momentum: float = 0.99,
                 threshold: float = 0.995) -> None:
        self.fast, self.slow, self.lam = fast, slow, lam
        self.fast_momentum = fast_momentum
        self.slow_momentum = slow_momentum
        self.threshold = threshold

    def begin(self, total_steps: int) -> None:
        """Any length will do: the losses decide."""

    def update(self, loss: float) -> int:
        """Take in the RELA loss of one optimiser step and return λ.

        A loss that is not finite is passed over: such a step is skipped
        by the loss scaler of mixed precision as well.
        """
        if self.lam and math.isfinite(loss):
            m, n = self.fast_momentum, self.slow_momentum
            self.fast = m * self.fast + (1 - m) * loss
            self.slow = n * self.slow + (1 - n) * self.fast
            gap = max(self.slow - self.fast, 0.)
            self.lam = int(math.exp(-gap) < self.threshold)
        return self.lam

    def scalars(self) -> dict[str, float]:
        """λ, ℓ_f and ℓ_s."""
        return {'lambda': self.lam, 'rela_fast': self.fast,
                'rela_slow': self.slow}

    def state_dict(self) -> dict:
        return dict(lam=self.lam, fast=self.fast, slow=self.slow)

    def load_state_dict(self, state: dict) -> None:
        self.lam, self.fast, self.slow = (
            state['lam'], state['fast'], state['slow'])


class FixedLambda(LambdaRule):
    """λ = 1 for a fixed fraction of the training, then 0 (Fig. 4b).

    Args:
        fraction: Share of the steps that RELA gets, 0 (the plain host) to
            1 (RELA alone).
        total_steps: Optimiser steps of the whole training; ``None`` takes
            those of :meth:`begin`. If a resume finds others, as on more
            ranks, the steps that were taken count for the same share.

    Raises:
        UserError: ``fraction`` is missing or not in [0, 1].
    """

    def __init__(self, fraction: float | None = None,
                 total_steps: int | None = None) -> None:
        if fraction is None or not 0 <= fraction <= 1:
            raise UserError('schedule.fraction, the share of the steps that '
                            f'RELA gets, must lie in [0, 1], got {fraction}')
        self.fraction, self.total_steps = fraction, total_steps
        self.alone = fraction == 1
        self._given = total_steps is not None
        self.step = 0

    @property
    def lam(self) -> int:  # type: ignore[override]  # others set theirs
        """Needs ``total_steps``, unless ``fraction`` is 0 or 1."""
        if self.fraction in (0, 1):
            return int(self.fraction)
        return int(self.step < self._rela_steps)

    @property
    def _rela_steps(self) -> int:
        if self.total_steps is None:
            raise RuntimeError('call begin() first, or give total_steps')
        return round(self.fraction * self.total_steps)

    def begin(self, total_steps: int) -> None:
        """Take the training's length, unless one was given."""
        if self.total_steps is None:
            self.total_steps = total_steps
        if self._given or self.total_steps == total_steps:
            return
        lam = self.lam
        self.step = round(self.step * total_steps / self.total_steps)
        self.total_steps = total_steps
        # Rounding must not bring RELA back, nor end it between two steps.
        self.step = (min(self.step, self._rela_steps - 1) if lam else
                     max(self.step, self._rela_steps))

    def update(self, loss: float) -> int:
        """Count one optimiser step and return λ; the loss is ignored."""
        self.step += 1
        return self.lam

    def scalars(self) -> dict[str, float]:
        """λ alone."""
        return {'lambda': self.lam}

    def state_dict(self) -> dict:
        return dict(step=self.step, total_steps=self.total_steps)

    def load_state_dict(self, state: dict) -> None:
        self.step, self.total_steps = state['step'], state['total_steps']
