"""When a rule for λ hands over, against its own steps."""
from __future__ import annotations

import numpy as np
import pytest

from _lib.training.window import LIMIT, Window, window
from mmrela.engine.hand_over.fade import Fade
from mmrela.schedule import AdaptiveLambda, FixedLambda, LambdaRule

FAST = dict(fast_momentum=0.99, slow_momentum=0.9)


def first(losses, **constants) -> int | None:
    """Steps of Algorithm 1 until λ falls, written out anew."""
    m = constants.get('fast_momentum', 0.999)
    n = constants.get('slow_momentum', 0.99)
    fast, slow = 1., 2.
    for step, loss in enumerate(losses, 1):
        fast = m * fast + (1 - m) * loss
        slow = n * slow + (1 - n) * fast
        if slow <= fast or np.exp(fast - slow) >= 0.995:
            return step
    return None


@pytest.mark.parametrize('constants, least', [({}, 527), (FAST, 51)])
def test_the_least_is_that_of_a_loss_that_stays(constants, least):
    found = window(AdaptiveLambda(**constants), 3900)
    assert found.least == first(np.ones(9000), **constants) == least
    assert not found.exact


def test_falling_losses_take_longer():
    rng = np.random.default_rng(0)
    least = window(AdaptiveLambda(**FAST), 3900).least
    for _ in range(20):
        steps = rng.exponential(size=5000) * rng.uniform(0, 1e-3)
        losses = np.maximum(rng.uniform(0, 1) - np.cumsum(steps), 0)
        assert first(losses, **FAST) >= least


def test_accumulated_steps_count_as_the_training_does():
    found = window(AdaptiveLambda(**FAST), 3900, accumulation=4)
    assert found.least == 4 * 51


@pytest.mark.parametrize('fraction, total, least', [
    (0.4, 390, 156), (0, 390, 0), (1, 390, None)])
def test_a_fixed_share_is_exact(fraction, total, least):
    found = window(FixedLambda(fraction), total)
    assert found.exact and found.least == least
    assert found.ends(total) == 2 * (total if least is None else least, )


def test_relas_steps_include_those_that_fade():
    for fraction, steps in ((0.25, 1000), (0, 0), (1, 4000)):
        found = window(FixedLambda(fraction), 4000).ends(4000, fade=0.8)
        drawn = [steps + Fade(0.8, steps % 4000, 4000, 1, seed).relas().sum()
                 for seed in range(20)]
        assert found == pytest.approx(2 * (np.mean(drawn), ), rel=0.02)


def test_a_rule_of_ones_own():
    class Patient(LambdaRule):
        lam, left = 1, 30

        def begin(self, total_steps):
            self.left = total_steps // 2

        def update(self, loss):
            self.left -= 1
            self.lam = int(self.left > 0)

        def scalars(self):
            return {}

        state_dict = load_state_dict = scalars

    found = window(Patient(), 80)
    assert found.tell(80) == 'at step 40 of 80 at the earliest'
    assert found.ends(80) == (40, 40)


def test_a_rule_that_never_falls():
    assert window(AdaptiveLambda(threshold=1.1), 9).least is None
    assert LIMIT > 100_000


@pytest.mark.parametrize('found, said', [
    (Window(0, None, True), 'none, the host trains alone'),
    (Window(156, None, True), 'after step 156 of 390'),
    (Window(390, None, True), 'not within this run, which is RELA alone'),
    (Window(None, None, False), 'the rule needs more than 390 steps'),
    (Window(527, (9, 99), False), 'more than 390 steps, 527 or more'),
    (Window(51, (189, 300), False), 'step 51 of 390 at the earliest; '
     'by measured runs, between steps 189 and 300'),
    (Window(51, (189, 434), False), 'by measured runs, at step 189 or later'),
    (Window(200, (740, 900), False), 'not within so many but at step 740')])
def test_words(found, said):
    assert said in found.tell(390)
