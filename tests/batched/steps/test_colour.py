"""Byte for byte what mmcv and mmpretrain make of the same parameters."""
from __future__ import annotations

from itertools import permutations

import mmcv
import numpy as np
import pytest
import torch
from mmcv.transforms import RandomGrayscale
from mmpretrain.datasets.transforms import ColorJitter, Solarize

from mmrela.batched.steps import colour
from mmrela.batched.steps.known import Grey
from mmrela.batched.steps.orders import HUE, NO_HUE, sorted_blends

COUNT = 48
WHOLE = torch.full((1, 1, 1), 255. * 255)
pytestmark = pytest.mark.filterwarnings('ignore')  # adjust_color warns


@pytest.fixture(scope='module')
def images():
    """Noise, faint noise around greys, and flat primaries; (N, 3, 9, 11)."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (COUNT, 3, 9, 11))
    images[::3] = np.clip(images[::3, :1] + rng.integers(
        -5, 6, images[::3].shape), 0, 255)
    images[1::6] = 255 * (images[1::6, :, :1, :1] > 128)
    return torch.from_numpy(images.astype(np.uint8))


def assert_same(ours, expected):
    """Ours against a list of (H, W, C) arrays."""
    expected = torch.from_numpy(np.stack(expected)).permute(0, 3, 1, 2)
    assert torch.equal(ours.to(torch.uint8), expected)


def arrays(images):
    return images.permute(0, 2, 3, 1).contiguous().numpy()


def column(numbers):
    return torch.as_tensor(numbers, dtype=torch.float32).view(-1, 1, 1, 1)


@pytest.mark.parametrize('own, pixels, theirs', [
    (0, np.inf, mmcv.adjust_brightness), (0, 99, mmcv.adjust_contrast),
    (1, np.inf, mmcv.adjust_color)], ids=['brightness', 'contrast', 'own'])
def test_blend(own, pixels, theirs, images):
    factors = np.random.default_rng(0).uniform(0, 2.5, COUNT)
    factors[:2] = 0, 1
    ours = images.float()
    colour.blend(ours, column(factors), column([own] * COUNT),
                 column([pixels] * COUNT))
    assert_same(ours, [theirs(image, factor, backend='pillow')
                       for image, factor in zip(arrays(images), factors)])


@pytest.mark.parametrize('size', [(224, 224), (256, 256), (300, 401), (9, 7)])
def test_mean_grey_rounds_a_half_up(size):
    """Sums at a half level and next to it, against whole numbers."""
    pixels = size[0] * size[1]
    totals = [level * pixels + pixels // 2 + near
              for level in range(0, 255, 3) for near in (-1, 0, 1)]
    grey = torch.zeros(len(totals), 1, *size)
    for image, total in zip(grey, totals):
        level, rest = divmod(total, pixels)
        image.fill_(level).view(-1)[:rest] += 1
    ours = colour._rounded_mean(grey, column([pixels] * len(totals)))
    assert ours.flatten().tolist() == [
        (2 * total + pixels) // (2 * pixels) for total in totals]


def test_hue(images):
    hues = np.random.default_rng(3).uniform(-0.5, 0.5, COUNT)
    hues[:4] = 0, 0.5, -0.5, -0.001
    ours, shifts = images.float(), np.trunc(hues * 255) % 256
    colour.shift_hue(ours, torch.from_numpy(
        shifts.astype(np.int32))[:, None, None], WHOLE)
    assert_same(ours, [mmcv.adjust_hue(image, hue, backend='pillow')
                       for image, hue in zip(arrays(images), hues)])


@pytest.mark.parametrize('with_hue', [COUNT, COUNT // 2, 0])
def test_jitter_in_each_order(with_hue, images, monkeypatch):
    """The first ``with_hue`` images have one."""
    orders = np.array([*permutations(range(4))] * 2)
    rng = np.random.default_rng(4)
    factors = rng.uniform(0.5, 1.5, (COUNT, 3))
    hues = [*rng.uniform(-0.3, 0.3, with_hue), *[None] * (COUNT - with_hue)]
    kinds = orders[orders != HUE].reshape(-1, 3)
    places = (orders == HUE).argmax(1)
    places[with_hue:] = NO_HUE
    order, blends, shifts = sorted_blends(
        kinds, np.take_along_axis(factors, kinds, 1), places,
        np.array([int((hue or 0) * 255) % 256 for hue in hues], np.int32),
        np.full(COUNT, 99))
    ours = images[order].float()
    colour.jitter(ours, [*map(torch.from_numpy, blends)],
                  torch.from_numpy(shifts)[:, None, None], WHOLE)
    transform, expected = ColorJitter(), []
    for number in order:
        monkeypatch.setattr(
            transform, '_rand_params',
            lambda number=number: (orders[number], *factors[number],
                                   hues[number]))
        image = arrays(images)[number]
        expected.append(transform.transform(dict(img=image))['img'])
    assert_same(ours, expected)


@pytest.mark.parametrize('weights', [(0.299, 0.587, 0.114), (1., 1., 1.)])
def test_grey(weights, images):
    transform = RandomGrayscale(
        prob=1., keep_channels=True, channel_weights=weights)
    _, (shares, ) = Grey(weights).arranged(np.arange(COUNT), ())
    assert_same(colour.to_grey(images, torch.from_numpy(shares)), [
        transform.transform(dict(img=image))['img']
        for image in arrays(images)])


def test_solarize(images):
    thresholds = np.linspace(0, 256, COUNT)
    assert_same(colour.solarize(images, column(thresholds)), [
        Solarize(thr=thr, prob=1.).transform(dict(img=image))['img']
        for image, thr in zip(arrays(images), thresholds)])
