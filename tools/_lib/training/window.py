"""When a training will hand over from RELA to the host."""
from __future__ import annotations

from dataclasses import dataclass

from mmrela.engine.hand_over.fade import expected
from mmrela.schedule import AdaptiveLambda, FixedLambda, LambdaRule

LIMIT = 1_000_000  # updates after which a rule counts as one that never falls
# Steps of Algorithm 1 in the runs recorded here, over those it needs at the
# least: 189 to 299 over 51 in short ones, 2,000 to 4,500 over 527 at length.
MEASURED = 3.7, 8.5


@dataclass
class Window:
    """Steps of the training after which λ falls.

    Attributes:
        least: Before which it cannot, as long as RELA's loss only falls
            from where the rule begins; ``None`` if it never does.
        likely: First and last to expect, as measured runs did.
        exact: Whether the rule asks for no loss, so that all are one.
    """
    least: int | None
    likely: tuple[int, int] | None
    exact: bool

    def tell(self, total: int) -> str:
        """The window in words; ``total`` are the training's steps."""
        alone = 'not within this run, which is RELA alone'
        if self.least == 0:
            return 'none, the host trains alone'
        if self.exact and self.least is not None and self.least < total:
            return f'after step {self.least} of {total}'
        if self.exact:
            return alone
        if self.least is None or self.least >= total:
            return (f'{alone}: the rule needs more than {total} steps'
                    + f', {self.least} or more' * bool(self.least))
        said = f'at step {self.least} of {total} at the earliest'
        if self.likely is None:
            return said
        first, last = self.likely
        where = (f'between steps {first} and {last}' if last < total else
                 f'at step {first} or later' if first < total else
                 f'not within so many but at step {first} or later')
        return f'{said}; by measured runs, {where}'

    def ends(self, total: int, fade: float = 0) -> tuple[int, int]:
        """Fewest and most steps of RELA to expect of the training's.

        Args:
            total: Steps of the training.
            fade: λ just after the hand-over.
        """
        first, last = (total if step is None else min(step, total)
                       for step in self.likely or (self.least, self.least))
        if fade and first:  # else the host trains alone
            first, last = (step + round(expected(fade, step, total, total))
                           for step in (first, last))
        return first, last


def window(rule: LambdaRule, total: int, accumulation: int = 1) -> Window:
    """When a rule for λ will hand over.

    Args:
        rule: As the training begins with it; it is used up.
        total: Steps of the training.
        accumulation: Steps of one step of the optimiser.
    """
    rule.begin(total // accumulation)
    # While losses fall, the fast average stays above them, and the gap
    # shrinks no faster than if they stood still where it begins.
    loss = rule.fast if isinstance(rule, AdaptiveLambda) else 1.
    updates = 0
    while rule.lam and updates < LIMIT:
        rule.update(loss)
        updates += 1
    least = None if rule.lam else updates * accumulation
    exact = isinstance(rule, FixedLambda)
    likely = None
    if isinstance(rule, AdaptiveLambda) and least is not None:
        first, last = (round(factor * least) for factor in MEASURED)
        likely = first, last
    return Window(least, likely, exact)
