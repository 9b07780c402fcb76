"""Boxes as mmpretrain draws them, pixels as OpenCV makes them."""
from __future__ import annotations

import mmcv
import numpy as np
import pytest
import torch
from mmpretrain.datasets.transforms import RandomResizedCrop
from scipy.stats import ks_2samp

from mmrela.batched.steps.geometry import (
    crop_and_resize,
    crop_boxes,
    crop_places,
)

KEYS = np.arange(3000, dtype=np.uint64)
ASPECTS = (3 / 4, 4 / 3)


def cropped(images, boxes, size):
    places = crop_places(boxes, size, images.shape[2:])
    return crop_and_resize(images, *map(torch.from_numpy, places))


@pytest.mark.parametrize('size, areas, aspects, attempts', [
    ((32, 32), (0.08, 1.0), ASPECTS, 10),
    ((64, 64), (0.5, 1.0), ASPECTS, 10),
    ((40, 24), (0.6, 1.0), (0.5, 2.0), 2),
])
def test_boxes_are_distributed_like_mmpretrains(size, areas, aspects,
                                                attempts):
    crop = RandomResizedCrop(
        32, crop_ratio_range=areas, aspect_ratio_range=aspects,
        max_attempts=attempts)
    np.random.seed(0)
    image = np.zeros((*size, 3), np.uint8)
    theirs = np.array([crop.rand_crop_params(image) for _ in KEYS])
    ours = crop_boxes(KEYS, size, areas, aspects, attempts)
    assert ours.shape == theirs.shape and ours.min() >= 0
    assert (ours[:, :2] + ours[:, 2:] <= size).all()
    for measure in (lambda b: b[:, 2] * b[:, 3], lambda b: b[:, 3] / b[:, 2],
                    lambda b: b[:, 0], lambda b: b[:, 1],
                    lambda b: b[:, 0] / (size[0] + 1 - b[:, 2])):
        assert ks_2samp(measure(ours), measure(theirs)).pvalue > 0.01


@pytest.mark.parametrize('size', [(10, 40), (40, 10), (30, 32)])
def test_central_crop_where_nothing_fits(size):
    crop = RandomResizedCrop(8, crop_ratio_range=(5, 6))
    expected = crop.rand_crop_params(np.zeros((*size, 3), np.uint8))
    boxes = crop_boxes(KEYS[:3], size, (5, 6), ASPECTS, 10)
    assert boxes.tolist() == [list(expected)] * 3


def test_no_attempts_take_the_centre():
    assert crop_boxes(KEYS[:1], (32, 32), (0.1, 1), ASPECTS, 0).tolist() == [
        [0, 0, 32, 32]]


@pytest.mark.parametrize('size', [(32, 24), (20, 40), (7, 5)])
def test_pixels_are_opencvs_to_one_level(size):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (60, 3, 32, 24), dtype=np.uint8)
    sides = rng.integers(1, (33, 25), (60, 2))
    starts = (rng.random((60, 2)) * ((33, 25) - sides)).astype(int)
    ours = cropped(torch.from_numpy(images), np.c_[starts, sides], size)
    assert ours.dtype == torch.uint8 and ours.shape == (60, 3, *size)
    differences = []
    for image, mine, (y, x), (h, w) in zip(images, ours, starts, sides):
        if size == (h / 2, w / 2):  # OpenCV averages there
            continue
        theirs = mmcv.imresize(
            image[:, y:y + h, x:x + w].transpose(1, 2, 0), size[::-1])
        differences.append(mine.permute(1, 2, 0).numpy().astype(int) - theirs)
    differences = np.stack(differences)
    assert abs(differences).max() == 1
    assert 0 <= differences.mean() < 0.15  # OpenCV rounds down on the way


def test_the_whole_image_stays_as_it_is():
    images = torch.randint(256, (4, 3, 31, 17), dtype=torch.uint8)
    box = np.tile([0, 0, 31, 17], (4, 1))
    assert torch.equal(cropped(images, box, (31, 17)), images)
