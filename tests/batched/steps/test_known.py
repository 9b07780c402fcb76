"""Draws of random steps: as the CPU transforms', and of each key alone."""
from __future__ import annotations

import numpy as np
import pytest
import torch
from mmpretrain.datasets.transforms import ColorJitter
from scipy.stats import chisquare, ks_2samp

from mmrela.batched.steps.keys import split
from mmrela.batched.steps.known import Blur, Crop, Flip, Grey, Jitter, Solarize
from mmrela.batched.steps.orders import HUE, NO_HUE, jitter_draws
from mmrela.batched.steps.step import Chance, Series
from mmrela.batched.views import ViewSteps

KEYS = np.arange(3000, dtype=np.uint64)
JITTER = dict(brightness=0.4, contrast=(0.3, 0.9), saturation=0.2, hue=0.1)
SIZE = (8, 8)
CROP = Crop((0.1, 1), (0.75, 1.3), 10)


def done(step, images, keys):
    """One view by one step, whose seeds are the keys."""
    view = step if isinstance(step, Series) else Series((step, ))
    program = ViewSteps([view]).draw(keys, [tuple(images.shape[2:])], [[0]])
    return program.run(0, images.clone())


def chosen(step):
    """How often each image is changed."""
    counts = np.zeros(len(KEYS), int)
    for draw in step.draw(KEYS, SIZE):
        np.add.at(counts, draw.rows, 1)
    return counts


def test_jitter_is_distributed_like_mmpretrains():
    transform = ColorJitter(**JITTER)
    np.random.seed(0)
    orders, *theirs = zip(*(transform._rand_params() for _ in KEYS))
    ranges = [getattr(transform, name) for name in JITTER]
    kinds, factors, places, shifts = jitter_draws(KEYS, ranges)
    for kind, their in enumerate(theirs[:3]):
        assert ks_2samp(factors[kinds == kind], their).pvalue > 0.01
    their_shifts = np.trunc(np.array(theirs[3]) * 255)
    mine = np.where(shifts > 127, shifts - 256, shifts)
    assert abs(mine).max() == 25 and 0 <= shifts.min()
    assert ks_2samp(mine, their_shifts).pvalue > 0.01
    ours = [np.insert(row, place, HUE) for row, place in zip(kinds, places)]
    for drawn in (np.array(ours), np.array(orders)):  # all 24 orders alike
        counts = np.unique(drawn @ [64, 16, 4, 1], return_counts=True)[1]
        assert len(counts) == 24 and chisquare(counts).pvalue > 0.01


def test_jitter_leaves_out_what_is_none():
    kinds, factors, places, _ = jitter_draws(
        KEYS[:5], [None, (0.5, 0.6), None, None])
    assert (places == NO_HUE).all()
    assert ((factors != 1) == (kinds == 1)).all() and factors.min() < 0.6
    images = torch.randint(256, (5, 3, *SIZE), dtype=torch.uint8)
    assert torch.equal(done(Jitter([None] * 4), images, KEYS[:5]), images)


@pytest.mark.parametrize('prob', [0., 0.2, 0.8, 1.])
def test_a_chance_takes_its_share(prob):
    share = chosen(Chance(prob, Flip(3))).mean()
    assert abs(share - prob) <= 3 * (prob * (1 - prob) / len(KEYS))**0.5


def test_a_nested_chance_draws_anew():
    """The inner choice knows nothing of the outer one."""
    inner = Chance(0.5, Flip(3))
    assert abs(chosen(Chance(0.5, inner)).mean() - 0.25) < 0.025
    counts = np.bincount(chosen(Series((inner, inner))), minlength=3)
    assert chisquare(counts, [750, 1500, 750]).pvalue > 0.01


@pytest.mark.parametrize('step', [
    Solarize((0, 256)), Blur((0.1, 2.0)),
    Jitter([(0.6, 1.4)] * 3 + [(-0.1, 0.1)])])
def test_each_key_makes_the_same_alone(step):
    """What comes out is what its key gives, alone or among others."""
    rng = np.random.default_rng(0)
    images = torch.from_numpy(rng.integers(0, 256, (64, 3, 8, 8), np.uint8))
    together = done(step, images, KEYS[:64])
    alone = [done(step, images[i:i + 1], KEYS[i:i + 1]) for i in range(64)]
    assert torch.equal(together, torch.cat(alone))
    same = images[:1].expand(64, -1, -1, -1)
    assert len(done(step, same, KEYS[:64]).unique(dim=0)) > 32


def test_crop_keeps_the_size_or_takes_another():
    images = torch.zeros(2, 3, 20, 16, dtype=torch.uint8)
    assert done(CROP, images, KEYS[:2]).shape == images.shape
    other = Crop(CROP.areas, CROP.aspects, CROP.attempts, (7, 9))
    assert done(other, images, KEYS[:2]).shape == (2, 3, 7, 9)


def test_steps_may_follow_one_that_changed_all_images():
    """What changed a part is written into what changed them all."""
    images = torch.randint(256, (9, 3, *SIZE), dtype=torch.uint8)
    grey, some = Grey((1., 1., 1.)), Chance(0.5, Flip(3))
    for first in (grey, Blur((1., 1.)), Flip(2), Solarize((0, 256))):
        once = done(Series((first, )), images, KEYS[:9])
        flipped = [*Series((first, some)).draw(
            split(KEYS[:9], 0), SIZE)][1].rows
        once[flipped] = once[flipped].flip(3)
        assert 0 < len(flipped) < 9
        assert torch.equal(once, done(
            Series((first, some)), images, KEYS[:9]))


def test_flip():
    images = torch.arange(6, dtype=torch.uint8).view(1, 1, 2, 3)
    assert done(Flip(3), images, KEYS[:1]).flatten().tolist() == [
        2, 1, 0, 5, 4, 3]


def test_steps_are_equal_that_do_the_same_arithmetic():
    assert Blur((0.1, 2.0)) == Blur((1., 1.))
    assert CROP == Crop((0.5, 1), (0.75, 1.3), 5)
    assert CROP != Crop(CROP.areas, CROP.aspects, 10, (7, 9))
    assert Flip(2) != Flip(3)
    assert Grey((1., 1., 1.)) != Grey((0.299, 0.587, 0.114))
