"""Formulas of the linear model, against simulation and each other."""
import math
from itertools import product

import numpy as np
import pytest

from _lib.toy.linear import (
    BEGIN,
    BEST,
    Setting,
    constants,
    excess_error,
    noise_of,
    simulate,
    squared,
    theorem1,
    theorem2,
)

REPEATS, TIMES = 4000, [1, 5, 40]


def in_errors(values, expected):
    error = values.std(ddof=1) / math.sqrt(len(values))
    return abs(values.mean() - expected) / error


@pytest.mark.parametrize('rate, scale, shape', [*product(
    [0.02, 0.4], [0.2, 1.], [1., 2., 8.])])
def test_theorem_1_is_what_simulation_finds(rate, scale, shape):
    setting = Setting(rate, scale, shape)
    found = simulate(setting, TIMES, REPEATS, np.random.default_rng(1))
    assert found.shape == (3, REPEATS)
    for steps, theta in zip(TIMES, found):
        off = in_errors((theta - BEST)**2, theorem1(steps, setting))
        assert off < 4


@pytest.mark.parametrize('spread, rho', [
    *product([0.5, 1.], [0., 0.6, 1.])])
def test_theorem_2_bounds_what_simulation_finds(spread, rho):
    setting = Setting(0.1, math.sqrt(2) * spread, 2., rho)
    noise, constant = noise_of(setting), constants()[1]
    found = simulate(setting, TIMES, REPEATS, np.random.default_rng(2))
    for steps, theta in zip(TIMES, found):
        distance = np.abs(theta - BEST)
        off = in_errors(distance**2, squared(steps, setting, noise.square))
        assert off < 4
        bound = theorem2(steps, setting, noise)
        assert distance.mean() <= bound
        assert excess_error(theta).mean() <= constant * bound


def test_simulation_takes_the_steps_of_sgd():
    """From the same draws, in plain numbers."""
    setting = Setting(0.3, 0.7, 1.5, 0.25)
    found = simulate(setting, [2, 3], 5, np.random.default_rng(3))
    rng, theta = np.random.default_rng(3), [0.] * 5
    for step in range(1, 4):
        labels, sides = (rng.choice([-1., 1.], 5) for _ in range(2))
        sizes = rng.standard_gamma(1 / 1.5, 5)
        for n in range(5):
            mean = 2 if labels[n] > 0 else 1
            x = mean + 0.7 * sides[n] * sizes[n]**(1 / 1.5)
            y = 0.25 * (1 if x > 1.5 else -1) + 0.75 * labels[n]
            theta[n] -= 0.3 * (theta[n] + x - y)
        if step > 1:
            assert found[step - 2].tolist() == pytest.approx(theta)


@pytest.mark.parametrize('shape', [1., 2., 3.])
def test_generalised_gaussians_have_their_density(shape):
    rate_one = Setting(1., 0.8, shape)  # θ₁ = y - x
    theta = simulate(rate_one, [1], 20_000, np.random.default_rng(4))[0]
    reach = np.linspace(-9, 9, 90_001)
    density = np.exp(-(np.abs(reach) / 0.8)**shape)
    density /= density.sum()
    for power in 1, 2, 4:
        # Both classes: x - y is 2 or 1 and the noise.
        expected = sum(((mean + reach)**power * density).sum()
                       for mean in (2., 1.)) / 2
        assert in_errors((-theta)**power, expected) < 4


def test_theorem_1_is_the_recursion_of_its_second_moment():
    setting = Setting(0.15, 0.6, 2.)
    noise, moment = 0.6**2 / 2 + 0.25, (BEGIN - BEST)**2
    for steps in range(1, 30):
        moment = (1 - 0.15)**2 * moment + 0.15**2 * noise
        assert theorem1(steps, setting) == pytest.approx(moment)


@pytest.mark.parametrize('spread', [0.3, 1.])
def test_noise_of_gaussians_has_closed_forms(spread):
    noise = noise_of(Setting(0.1, math.sqrt(2) * spread, 2.))
    z = 0.5 / spread
    folded = (spread * math.sqrt(2 / math.pi) * math.exp(-z**2 / 2)
              + 0.5 * math.erf(z / math.sqrt(2)))
    assert noise.labelled == pytest.approx(folded)
    assert noise.square == pytest.approx(spread**2 + 0.25)
    exact = noise_of(Setting(0.1, math.sqrt(2) * spread, 2., 1.))
    assert exact.square == pytest.approx(
        spread**2 + 0.25 - 2 * folded + 1)  # E|u| of either is the same
    assert exact.relabelled < exact.labelled


def test_bound_of_theorem_2_is_linear_and_does_not_end_in_nothing():
    bounds, squares = [], []
    for rho in [0, 0.25, 0.5, 0.75, 1]:
        setting = Setting(0.1, math.sqrt(2), 2., rho)
        noise = noise_of(setting)
        bounds.append(theorem2(1000, setting, noise))
        squares.append(squared(1000, setting, noise.square))
    steps = np.diff(bounds)
    assert (steps < 0).all() and np.ptp(steps) < 1e-9
    assert bounds[-1] > 0.5
    # What it bounds is no straight line, and rises again.
    assert np.ptp(np.diff(squares, 2)) < 1e-9 < np.diff(squares, 2).min()
    assert min(squares) < squares[-1] < squares[0]


def test_excess_error_is_what_counting_finds():
    rng = np.random.default_rng(5)
    label = rng.choice([-1., 1.], 50_000)
    x = 1.5 + label / 2 + 0.5 * rng.standard_normal(50_000)
    wrong = np.sign(x + BEST) != label
    for theta in -2.5, -1.2, 0.:
        more = (np.sign(x + theta) != label).astype(float) - wrong
        assert in_errors(more, excess_error(np.array(theta))) < 4


def test_constants_bound_the_excess_and_no_less_would_do():
    theta = np.linspace(-8, 5, 1301)
    excess = excess_error(theta)
    for constant, distance in zip(constants(), (
            (theta - BEST)**2, np.abs(theta - BEST))):
        assert (excess <= constant * distance + 1e-12).all()
        assert (excess > 0.95 * constant * distance)[distance > 0].any()
