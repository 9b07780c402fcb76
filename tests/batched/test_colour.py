"""Byte for byte what mmcv and mmpretrain make of the same parameters."""
from __future__ import annotations

from itertools import permutations

import mmcv
import numpy as np
import pytest
import torch
from mmcv.transforms import RandomGrayscale
from mmpretrain.datasets.transforms import ColorJitter, Solarize

from mmrela.batched import colour

COUNT = 48
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


@pytest.mark.parametrize('kind, theirs', [*enumerate([
    mmcv.adjust_brightness, mmcv.adjust_contrast, mmcv.adjust_color])])
def test_blend(kind, theirs, images):
    factors = np.random.default_rng(kind).uniform(0, 2.5, COUNT)
    factors[:2] = 0, 1
    ours = colour.blend(images.float(), np.full(COUNT, kind), factors)
    assert_same(ours, [theirs(image, factor, backend='pillow')
                       for image, factor in zip(arrays(images), factors)])


def test_hue(images):
    hues = np.random.default_rng(3).uniform(-0.5, 0.5, COUNT)
    hues[:4] = 0, 0.5, -0.5, -0.001
    ours = colour.shift_hue(images.float(), np.trunc(hues * 255) % 256)
    assert_same(ours, [mmcv.adjust_hue(image, hue, backend='pillow')
                       for image, hue in zip(arrays(images), hues)])


@pytest.mark.parametrize('with_hue', [True, False])
def test_jitter_in_each_order(with_hue, images, monkeypatch):
    orders = np.array([*permutations(range(4))] * 2)
    rng = np.random.default_rng(4)
    factors = rng.uniform(0.5, 1.5, (COUNT, 3))
    hues = rng.uniform(-0.3, 0.3, COUNT)
    ours = colour.jitter(images.float(), orders, factors,
                         np.trunc(hues * 255) % 256 if with_hue else None)
    transform, expected = ColorJitter(), []
    for image, order, row, hue in zip(arrays(images), orders, factors, hues):
        monkeypatch.setattr(
            transform, '_rand_params', lambda order=order, row=row, hue=hue: (
                order, *row, hue if with_hue else None))
        expected.append(transform.transform(dict(img=image))['img'])
    assert_same(ours, expected)


@pytest.mark.parametrize('weights', [(0.299, 0.587, 0.114), (1., 1., 1.)])
def test_grey(weights, images):
    transform = RandomGrayscale(
        prob=1., keep_channels=True, channel_weights=weights)
    assert_same(colour.to_grey(images, weights), [
        transform.transform(dict(img=image))['img']
        for image in arrays(images)])


def test_solarize(images):
    thresholds = np.linspace(0, 256, COUNT)
    assert_same(colour.solarize(images, thresholds), [
        Solarize(thr=thr, prob=1.).transform(dict(img=image))['img']
        for image, thr in zip(arrays(images), thresholds)])
