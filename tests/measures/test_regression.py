"""Each measure again by a naive formula, and on made-up features."""
from __future__ import annotations

import numpy as np
import pytest
import torch

from mmrela.measures.regression import (
    PENALTIES,
    Ridge,
    distances,
    explained,
    halves,
)


def noise(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


def solve(x, y, penalty):
    """Ridge with a free offset, by the normal equations of [x 1]."""
    x = torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], 1)
    gram = x.T @ x
    gram[range(len(gram) - 1), range(len(gram) - 1)] += penalty
    return torch.linalg.lstsq(gram, x.T @ y).solution


def predict(x, solution):
    return x @ solution[:-1] + solution[-1]


@pytest.mark.parametrize('n, d', [(40, 7), (12, 30)])
def test_ridge(n, d):
    x, y, other = noise(n, d) + 5, noise(n, 3, seed=1), noise(6, d, seed=2)
    y = y + x[:, :1] * 0.5
    ridge = Ridge(x).fit(y)
    scale = ridge.squares.mean()
    errors = []
    for penalty in ridge.penalties():
        left_out = 0
        for i in range(n):
            rest = [j for j in range(n) if j != i]
            solution = solve(x[rest], y[rest], penalty)
            error = predict(x[i:i + 1], solution) - y[i]
            left_out += float(error.square().sum())
        errors.append(left_out)
        assert ridge._left_out(y - y.mean(0), penalty) == pytest.approx(
            left_out, rel=1e-3)
    best = float(PENALTIES[int(np.argmin(errors))] * scale)
    torch.testing.assert_close(
        ridge(other), predict(other, solve(x, y, best)), rtol=1e-4, atol=1e-5)


def test_halves_cover_all():
    (a, b), (c, d) = halves(7)
    assert sorted(torch.cat([a, b]).tolist()) == list(range(7))
    assert torch.equal(a, d) and torch.equal(b, c) and len(a) == 3


def test_distances_by_the_definition():
    """Sources that hold the target, a part of it, and nothing of it."""
    whole = noise(400, 6)
    models = [whole @ noise(6, 9, seed=1) + 3, whole[:, :2] * 100,
              noise(400, 5, seed=2)]
    found = distances(models)
    assert found.shape == (3, 3)
    assert found.diagonal().max() < 1e-6
    assert found[0, 1] < 1e-6  # the whole gives the part
    assert 0.2 < found[1, 0] < 0.9  # not the other way round
    for s, t in ((0, 2), (1, 2), (2, 0), (2, 1)):
        assert 0.95 < found[s, t] < 1.1


def test_distance_naively():
    source, target = noise(60, 4), noise(60, 3, seed=1)
    target = target + source[:, :3]
    wanted = 0
    for fitted, tested in halves(60):
        ridge = Ridge(source[fitted]).fit(target[fitted])
        for i in tested:
            difference = ridge(source[i:i + 1])[0] - target[i]
            spread = (target[tested] - target[fitted].mean(0)).square().sum()
            wanted += float(difference @ difference / spread) / 2
    found = distances([source, target])[0, 1]
    assert float(found) == pytest.approx(wanted)


def test_distance_does_not_know_scale_or_offset():
    a, b = noise(100, 5), noise(100, 4, seed=1) + noise(100, 5)[:, :4]
    moved = distances([a * 1e-3 + 7, b * 50 - 2])
    torch.testing.assert_close(moved, distances([a, b]), rtol=1e-3, atol=1e-9)


def test_explained_is_what_distances_leave():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(80, 6, generator=generator)
    y = x @ torch.randn(6, 3, generator=generator)
    noisy = y + torch.randn(80, 3, generator=generator)
    assert explained(y, x) == pytest.approx(1, abs=1e-4)
    left = distances([x, noisy])[0, 1].item()
    assert explained(noisy, x) == pytest.approx(1 - left)
    assert 0.3 < explained(noisy, x) < 0.95
