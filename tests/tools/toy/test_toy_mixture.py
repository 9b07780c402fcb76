"""The mixture, where its classes meet, and how much they overlap."""
import math

import pytest
import torch
from torch.distributions import Normal

from _lib.toy.mixture import (
    SIGMA,
    best_threshold,
    boundary,
    draw,
    overlap,
    place,
    posterior,
    printed_overlap,
    sampled_overlap,
)

SIGMAS = [n / 10 for n in range(1, 11)]


def test_samples_have_the_mean_and_spread_of_their_class():
    labels, noise = draw(20_000, 7)
    x = place(labels, noise, 0.3)
    assert labels.mean().item() == pytest.approx(0.5, abs=4 * 0.5 / 141)
    for label, mean in enumerate([1., 2.]):
        of_class = x[labels == label]
        error = 0.3 / len(of_class)**0.5
        assert (of_class.mean(0) - mean).abs().max() < 4 * error
        assert (of_class.std(0) - 0.3).abs().max() < 4 * error


@pytest.mark.parametrize('sigma', [0.1, 0.5, 1.])
def test_posterior_is_that_of_bayes(sigma):
    x = 1.5 + 0.5 * draw(50, 1)[1].double()
    one, two = (Normal(mean, sigma).log_prob(x).sum(-1).exp()
                for mean in (1., 2.))
    torch.testing.assert_close(posterior(x, sigma), two / (one + two))


@pytest.mark.parametrize('sigma', SIGMAS)
def test_boundary_stays_where_it_is(sigma):
    assert boundary(sigma) == pytest.approx(1.5, abs=1e-5)
    x = torch.tensor([[1.5, 1.5], [1.2, 1.8]])
    torch.testing.assert_close(posterior(x, sigma), torch.full((2,), 0.5),
                               atol=1e-5, rtol=0)


@pytest.mark.parametrize('sigma', [0.1, 0.5, 1.])
def test_best_threshold_makes_the_fewest_errors(sigma):
    labels, noise = draw(200, 3)
    means = place(labels, noise, sigma).mean(-1)
    values = means.sort().values
    errors = [((means > t) != labels.bool()).sum().item()
              for t in (values[1:] + values[:-1]) / 2]
    best = [n for n, count in enumerate(errors) if count == min(errors)]
    expected = (values[best[0]] + values[best[-1] + 1]) / 2
    assert best_threshold(labels, noise, sigma) == pytest.approx(
        expected.item())


@pytest.mark.parametrize('spread', [0.2, 0.5, 1., 3.])
def test_overlap_is_the_integral_of_the_lesser_density(spread):
    x = torch.linspace(-40, 40, 400_001, dtype=torch.float64)
    lesser = torch.minimum(*(Normal(mean, spread).log_prob(x).exp()
                             for mean in (1., 2.)))
    assert overlap(spread) == pytest.approx(
        torch.trapezoid(lesser, x).item(), abs=1e-6)


@pytest.mark.parametrize('augmentation', [0, 0.5, 4])
def test_overlap_is_what_sampling_finds(augmentation):
    found, error = sampled_overlap(augmentation, 100_000, 5)
    spread = math.sqrt(SIGMA**2 + augmentation)
    assert error < 0.003
    assert abs(found - overlap(spread)) < 4 * error
    assert abs(found - printed_overlap(spread)) > 4 * error


def test_overlap_rises_with_augmentation_and_eq_34_falls():
    spreads = [0.2 + n / 5 for n in range(20)]
    right, printed = (list(map(f, spreads))
                      for f in (overlap, printed_overlap))
    assert right == sorted(right)
    assert printed == sorted(printed, reverse=True)
    # With 2s for √2 s, it is one minus the overlap.
    assert [printed_overlap(math.sqrt(2) * s) for s in spreads] == (
        pytest.approx([1 - o for o in right]))
