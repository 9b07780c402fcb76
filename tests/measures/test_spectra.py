"""Spectra and ranks again by naive formulas, and on made-up features."""
from __future__ import annotations

import numpy as np
import pytest
import torch

from mmrela.measures.spectra import effective_rank, lidar, rankme, spectrum


def noise(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


@pytest.mark.parametrize('n, d', [(50, 6), (5, 20)])
def test_spectrum(n, d):
    x = noise(n, d) * torch.arange(1, d + 1) + 100
    values = np.linalg.eigvalsh(np.cov(x.numpy().T))[::-1]
    wanted = values[:min(n - 1, d)] / values.sum()
    shares = spectrum(x)
    np.testing.assert_allclose(shares.numpy(), wanted, rtol=1e-6)
    assert shares.sum() == pytest.approx(1)
    entropy = -sum(p * np.log(p) for p in wanted)
    assert effective_rank(shares) == pytest.approx(np.exp(entropy))


def test_effective_rank_counts_axes():
    equal = torch.cat([torch.eye(6), -torch.eye(6)])
    assert effective_rank(spectrum(equal)) == pytest.approx(6)
    line = noise(50, 1) @ noise(1, 8, seed=1)
    assert effective_rank(spectrum(line)) == pytest.approx(1)


def test_rankme_is_the_entropy_of_singular_values():
    directions = torch.eye(6)[:4] * torch.tensor([4., 2., 1., 1.])[:, None]
    shares = np.array([4, 2, 1, 1]) / 8
    expected = np.exp(-(shares * np.log(shares)).sum())
    assert rankme(directions) == pytest.approx(expected)
    assert rankme(torch.ones(5, 3)) == pytest.approx(1)
    assert rankme(7 * torch.eye(5)) == pytest.approx(5)


@pytest.mark.parametrize('n, q, d', [(30, 4, 6), (5, 3, 20)])
def test_lidar_again_with_loops(n, q, d):
    views = (noise(n, 1, d) * torch.arange(1, d + 1)
             + noise(n, q, d, seed=1) * torch.arange(d, 0, -1)).numpy()
    between, within = np.zeros((2, d, d))
    for image in views:
        apart = image.mean(0) - views.reshape(-1, d).mean(0)
        between += np.outer(apart, apart) / n
        for view in image:
            apart = view - image.mean(0)
            within += np.outer(apart, apart) / (n * q)
    ratios = np.linalg.eigvals(np.linalg.solve(
        within + 1e-4 * np.eye(d), between)).real
    shares = ratios[ratios > 1e-9 * ratios.max()] / ratios.sum()
    expected = np.exp(-(shares * np.log(shares)).sum())
    assert lidar(torch.from_numpy(views).float()) == pytest.approx(
        expected, rel=1e-4)


def test_lidar_counts_what_views_agree_on():
    """Six directions of which views agree on two."""
    corners = torch.tensor([[1., 1.], [1, -1], [-1, 1], [-1, -1]])
    images = torch.cat([corners, torch.zeros(4, 4)], 1)[:, None]
    jitter = torch.cat([torch.eye(6), -torch.eye(6)])
    assert lidar(images + jitter) == pytest.approx(2)
    assert rankme((images + 9 * jitter).flatten(0, 1)) > 5
