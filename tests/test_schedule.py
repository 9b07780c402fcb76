"""The rules for λ, against the paper's Algorithm 1 (appendix J)."""
from __future__ import annotations

import json
import math

import numpy as np
import pytest

from mmrela.errors import UserError
from mmrela.schedule import AdaptiveLambda, FixedLambda

OTHERS = dict(fast=0.4, slow=3.0, fast_momentum=0.99, slow_momentum=0.97,
              threshold=0.98)


def algorithm_1(losses, fast=1.0, slow=2.0, fast_momentum=0.999,
                slow_momentum=0.99, threshold=0.995) -> list[int]:
    """Lines 1 to 9, letter by letter; λ after each step."""
    l_f, l_s, lambda_, values = fast, slow, 1, []
    for l_c in losses:
        if lambda_ == 1:
            l_f = fast_momentum * l_f + (1 - fast_momentum) * l_c
            l_s = slow_momentum * l_s + (1 - slow_momentum) * l_f
        if math.exp(-max(l_s - l_f, 0)) >= threshold:
            lambda_ = 0
        values.append(lambda_)
    return values


def curve(seed: int, steps: int = 6000) -> list[float]:
    """A noisy loss that falls from about 1 to a random floor."""
    rng = np.random.default_rng(seed)
    floor, pace = rng.uniform(0, 0.8), rng.uniform(100, 2000)
    mean = floor + (1 - floor) * np.exp(-np.arange(steps) / pace)
    return (mean + rng.normal(0, 0.05, steps)).tolist()


@pytest.mark.parametrize(
    'loss, update', [(1.0, 527), (0.5, 2395), (0.3, 2731), (0.0, 3087)])
def test_hands_over_on_constant_losses(loss, update):
    schedule = AdaptiveLambda()
    values = [schedule.update(loss) for _ in range(update)]
    assert values == [1] * (update - 1) + [0]
    assert schedule.lam == 0


@pytest.mark.parametrize('constants', [{}, OTHERS], ids=['paper', 'other'])
@pytest.mark.parametrize('seed', range(5))
def test_follows_algorithm_1(seed, constants):
    losses = curve(seed)
    schedule = AdaptiveLambda(**constants)
    found = [schedule.update(loss) for loss in losses]
    assert found == algorithm_1(losses, **constants)
    assert found[0] == 1 and found[-1] == 0


@pytest.mark.parametrize('loss', [0., 1., 50., -1., math.nan])
def test_never_returns_to_rela(loss):
    schedule = AdaptiveLambda()
    while schedule.update(1.0):
        pass
    state = schedule.state_dict()
    assert {schedule.update(loss) for _ in range(2000)} == {0}
    assert schedule.state_dict() == state


def test_lambda_starts_as_asked():
    assert AdaptiveLambda().lam == 1
    assert AdaptiveLambda(lam=0).update(1.0) == 0


@pytest.mark.parametrize('rule', [AdaptiveLambda(), FixedLambda(0.5, 2)])
def test_value_is_lambda_and_cannot_be_set(rule):
    found = [(rule.value, rule.lam)]
    while rule.lam:
        rule.update(1.)
        found.append((rule.value, rule.lam))
    assert {*found} == {(1, 1), (0, 0)}
    with pytest.raises(AttributeError):
        rule.value = 1


def test_what_is_logged():
    adaptive, fixed = AdaptiveLambda(), FixedLambda(0.5, 2)
    adaptive.update(0.5), fixed.update(0.5)
    assert adaptive.scalars() == {
        'lambda': 1, 'rela_fast': adaptive.fast, 'rela_slow': adaptive.slow}
    assert 0.5 < adaptive.fast < 1 < adaptive.slow < 2
    assert fixed.scalars() == {'lambda': 0}


@pytest.mark.parametrize('stop', [0, 1, 400, 5999])
def test_state_continues_identically(stop):
    losses = curve(7)
    whole, first, second = (AdaptiveLambda() for _ in range(3))
    wanted = [whole.update(loss) for loss in losses]
    found = [first.update(loss) for loss in losses[:stop]]
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    found += [second.update(loss) for loss in losses[stop:]]
    assert found == wanted
    assert second.state_dict() == whole.state_dict()


def test_losses_that_are_not_finite_are_passed_over():
    losses = curve(3)
    with_gaps, without = AdaptiveLambda(), AdaptiveLambda()
    for step, loss in enumerate(losses):
        without.update(loss)
        for bad in (math.nan, math.inf, -math.inf)[:step % 4]:
            before = with_gaps.lam
            assert with_gaps.update(bad) == before
        with_gaps.update(loss)
        assert with_gaps.state_dict() == without.state_dict()


@pytest.mark.parametrize('fraction', [0, 0.0, 0.4, 0.45, 1, 1.0])
@pytest.mark.parametrize('steps', [1, 10, 77])
def test_fixed_fraction_of_the_steps(fraction, steps):
    schedule, in_force = FixedLambda(fraction, steps), []
    for _ in range(steps):
        in_force.append(schedule.lam)
        assert schedule.update(0.1) == schedule.lam
    first = round(fraction * steps)
    assert in_force == [1] * first + [0] * (steps - first)


@pytest.mark.parametrize('fraction', [0, 1])
def test_extreme_fractions_need_no_total(fraction):
    schedule = FixedLambda(fraction)
    assert {schedule.update(1.) for _ in range(99)} == {fraction}


def test_other_fractions_do():
    with pytest.raises(RuntimeError, match='total_steps'):
        FixedLambda(0.5).update(1.)


def test_fixed_state_continues():
    first, second = FixedLambda(0.4, 10), FixedLambda(0.4, 10)
    for _ in range(3):
        first.update(0.)
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    assert second.lam == 1 and second.update(0.) == 0


@pytest.mark.parametrize('fraction', [-0.1, 1.01, math.nan])
def test_fraction_out_of_range(fraction):
    with pytest.raises(ValueError, match=r'\[0, 1\]'):
        FixedLambda(fraction, 10)


def test_a_given_length_outlives_the_trainings():
    given, asked = FixedLambda(0.5, 4), FixedLambda(0.5)
    for rule in (given, asked):
        rule.begin(8)
    assert [given.update(1.) for _ in range(4)] == [1, 0, 0, 0]
    assert [asked.update(1.) for _ in range(4)] == [1, 1, 1, 0]


@pytest.mark.parametrize('longer', [6, 13, 1000])
@pytest.mark.parametrize('fraction', [0.05, 0.3, 0.45, 0.5, 0.95])
@pytest.mark.parametrize('done', range(10))
def test_another_length_keeps_the_share_of_the_training(
        done, fraction, longer):
    """Ten steps were planned; the rest is counted in shares of a tenth.

    RELA neither comes back nor ends by the change of length alone.
    """
    first, second = FixedLambda(fraction), FixedLambda(fraction)
    first.begin(10)
    for _ in range(done):
        first.update(1.)
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    second.begin(longer)
    assert second.lam == first.lam
    in_all = done / 10 * longer
    while second.lam:
        in_all += 1
        second.update(1.)
    if first.lam:
        assert in_all == pytest.approx(fraction * longer, abs=1.5)


def test_a_given_length_outlives_a_resume():
    rule = FixedLambda(0.5, 4)
    rule.load_state_dict(dict(step=1, total_steps=4))
    rule.begin(40)
    assert [rule.update(1.) for _ in range(2)] == [0, 0]


def test_fixed_lambda_needs_its_fraction():
    with pytest.raises(UserError, match='schedule.fraction'):
        FixedLambda()
