"""Draws of random steps: as the CPU transforms', and of each key alone."""
from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from mmpretrain.datasets.transforms import ColorJitter
from scipy.stats import chisquare, ks_2samp

from mmrela.batched import steps

KEYS = np.arange(3000, dtype=np.uint64)
JITTER = dict(brightness=0.4, contrast=(0.3, 0.9), saturation=0.2, hue=0.1)


def test_jitter_is_distributed_like_mmpretrains():
    transform = ColorJitter(**JITTER)
    np.random.seed(0)
    orders, *theirs = zip(*(transform._rand_params() for _ in KEYS))
    ranges = [getattr(transform, name) for name in JITTER]
    ours, factors, shifts = steps.jitter_draws(KEYS, ranges)
    for mine, their in zip(factors.T, theirs):
        assert ks_2samp(mine, their).pvalue > 0.01
    their_shifts = np.trunc(np.array(theirs[3]) * 255)
    mine = np.where(shifts > 127, shifts - 256, shifts)
    assert abs(mine).max() == 25 and 0 <= shifts.min()
    assert ks_2samp(mine, their_shifts).pvalue > 0.01
    for drawn in (ours, np.array(orders)):  # all 24 orders alike
        counts = np.unique(drawn @ [64, 16, 4, 1], return_counts=True)[1]
        assert len(counts) == 24 and chisquare(counts).pvalue > 0.01


def test_jitter_leaves_out_what_is_none():
    _, factors, shifts = steps.jitter_draws(
        KEYS[:5], [None, (0.5, 0.6), None, None])
    assert shifts is None
    assert (factors[:, [0, 2]] == 1).all() and (factors[:, 1] < 0.6).all()
    images = torch.randint(256, (5, 3, 8, 8), dtype=torch.uint8)
    assert torch.equal(steps.jitter(images, KEYS[:5], [None] * 4), images)


@pytest.mark.parametrize('prob', [0., 0.2, 0.8, 1.])
def test_some_takes_its_share(prob):
    images = torch.zeros(3000, 1, 1, 1, dtype=torch.uint8)
    changed = steps.some(images, KEYS, prob, lambda x, keys: x + 1)
    share = changed.float().mean().item()
    assert abs(share - prob) <= 3 * (prob * (1 - prob) / 3000)**0.5
    assert images.sum() == 0  # they are the data set's own


def test_a_nested_step_draws_anew():
    """The inner choice knows nothing of the outer one."""
    images = torch.zeros(3000, 1, 1, 1, dtype=torch.uint8)
    inner = partial(steps.some, prob=0.5, step=lambda x, keys: x + 1)
    once = steps.some(images, KEYS, 0.5, inner).float().mean().item()
    assert abs(once - 0.25) < 0.025
    twice = steps.run(images, KEYS, [inner, inner]).flatten()
    counts = torch.bincount(twice.long(), minlength=3).numpy()
    assert chisquare(counts, [750, 1500, 750]).pvalue > 0.01


@pytest.mark.parametrize('step, bounds', [
    (steps.solarize, (0, 256)), (steps.gaussian_blur, (0.1, 2.0))])
def test_magnitudes_are_spread(step, bounds):
    """What comes out is what its key gives, alone or among others."""
    rng = np.random.default_rng(0)
    images = torch.from_numpy(rng.integers(0, 256, (64, 3, 8, 8), np.uint8))
    together = step(images, KEYS[:64], bounds)
    alone = [step(images[i:i + 1], KEYS[i:i + 1], bounds) for i in range(64)]
    assert torch.equal(together, torch.cat(alone))
    same = images[:1].expand(64, -1, -1, -1)
    assert len(step(same, KEYS[:64], bounds).unique(dim=0)) > 32


def test_crop_keeps_the_size_or_takes_another():
    images = torch.zeros(2, 3, 20, 16, dtype=torch.uint8)
    crop = partial(steps.crop, images, KEYS[:2], (0.1, 1), (0.75, 1.3), 10)
    assert crop().shape == images.shape
    assert crop(size=(7, 9)).shape == (2, 3, 7, 9)


def test_flip():
    images = torch.arange(6, dtype=torch.uint8).view(1, 1, 2, 3)
    assert steps.flip(images, KEYS[:1], 3).flatten().tolist() == [
        2, 1, 0, 5, 4, 3]
