"""RELA's steps among the host's, ever fewer: λ between 1 and 0."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...errors import UserError
from ...rng import seed_of


@dataclass(frozen=True)
class Fade:
    """λ after the hand-over: the chance that a step is RELA's still.

    It falls in a straight line and is 0 where the training ends. A whole
    step is of one stage, so that it costs no more than without. Steps are
    batches; those of one optimiser step go together.

    Attributes:
        share: λ just after the hand-over, in [0, 1].
        first: Step whose batch is the host's first; 0 where the training
            has not handed over, or never had a RELA stage.
        steps: Of the whole training.
        accumulation: Batches of an optimiser step, which divide ``first``.
        seed: Of the draws, which are the same on all ranks and when the
            training is resumed.
    """
    share: float
    first: int
    steps: int
    accumulation: int
    seed: int

    def lam(self, step: int) -> float:
        """λ of a step after the hand-over; 0 before, and beyond the end."""
        if not 0 < self.first <= step < self.steps:
            return 0
        return self.share * (self.steps - step) / (self.steps - self.first)

    def relas(self) -> np.ndarray:
        """Which steps after the hand-over are RELA's, (steps,) bool."""
        if not self.share or not self.first:
            return np.zeros(self.steps, bool)
        random = np.random.default_rng(seed_of(self.seed, 3)).random
        drawn = [random() < self.lam(step)
                 for step in range(0, self.steps, self.accumulation)]
        return np.repeat(np.array(drawn, bool), self.accumulation)[
            :self.steps]


def expected(share: float, first: int, steps: int, step: int) -> float:
    """How many steps of [first, step) are RELA's, in the mean of the draws.

    Args:
        share, first, steps: As :class:`Fade` has them.
        step: From ``first`` to ``steps``.
    """
    after = step - first
    return share * after * (1 - after / max(steps - first, 1) / 2)


def require_share(share: float, hold: int) -> None:
    """Refuse what is no share of the steps.

    Raises:
        UserError: it does not lie in [0, 1], or the backbone is to be held
            in the very steps that are RELA's.
    """
    if isinstance(share, bool) or not isinstance(
            share, (int, float)) or not 0 <= share <= 1:
        raise UserError("default_hooks.rela.fade, RELA's share of the steps "
                        'just after the hand-over, must lie in [0, 1], got '
                        f'{share!r}')
    if share and hold:
        raise UserError(
            f'default_hooks.rela.fade={share} trains the backbone on targets '
            f'while default_hooks.rela.hold={hold} holds it: set one of them')
