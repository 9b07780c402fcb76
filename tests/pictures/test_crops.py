"""Crops that seeds make, against torchvision's own under the same seed."""
from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from stored_views import naive
from torchvision.transforms import RandomResizedCrop

from mmrela.errors import UserError
from mmrela.pictures.crops import GRID, Crop, cropped, cropped_pixels
from mmrela.rng import seed_of
from mmrela.targets import hash_ids


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (40, 56, 3), np.uint8)


def test_a_crop_is_torchvisions(pixels):
    image, transform = Image.fromarray(pixels), RandomResizedCrop(
        (40, 56), (0.2, 1.0), (3 / 4, 4 / 3))
    for row, seed in (0, 0), (0, 1), (5, 0):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_of(row, seed))
            wanted = transform(image)
        np.testing.assert_array_equal(
            np.array(cropped(image, row, seed, 0.2)), np.array(wanted))


def test_a_stored_view_is_the_same_part_of_a_smaller_copy():
    """As ``tools/prepare_images.py`` makes it, which stores serve, too."""
    large = Image.fromarray(np.random.default_rng(0).integers(
        0, 256, (4, 5, 3), np.uint8)).resize((500, 375), Image.BICUBIC)
    small = large.resize((341, 256), Image.BICUBIC)
    views = [np.array(cropped(large, row, 1, grid=GRID).resize(
        small.size)).astype(int) for row in range(8)]
    for row in range(8):
        found = np.array(cropped(small, row, 1, grid=GRID))
        errors = [abs(found - view).mean() for view in views]
        assert errors[row] < sorted(errors)[1] / 4


def test_a_crop_takes_half_of_the_image_or_more():
    x, y = np.meshgrid(np.arange(200), np.arange(200))
    image = Image.fromarray(np.stack([x, y, x], 2).astype(np.uint8))
    areas = []
    for row in range(200):
        ends = [np.ptp(side) + 1 for side in np.moveaxis(
            np.array(cropped(image, row, 0, grid=GRID)).astype(int), 2, 0)[:2]]
        areas.append(np.prod(ends) / 200**2)
    assert 0.48 < min(areas) < 0.55 and max(areas) > 0.9


def test_nothing_else_is_drawn_from(pixels):
    state = torch.get_rng_state(), np.random.get_state()[1].copy()
    cropped_pixels(pixels, 3, 1)
    assert torch.equal(state[0], torch.get_rng_state())
    np.testing.assert_array_equal(state[1], np.random.get_state()[1])


@pytest.mark.parametrize('view', [0, 7])
def test_pixels_in_any_order_of_channels(pixels, view):
    wanted = naive(Image.fromarray(pixels), 9, view)
    found = cropped_pixels(pixels[..., ::-1], 9, view)
    np.testing.assert_array_equal(found[..., ::-1], wanted)
    for grey in pixels[..., 1], pixels[..., 1:2]:
        np.testing.assert_array_equal(
            cropped_pixels(grey, 9, view),
            wanted[..., 1].reshape(grey.shape))


@pytest.mark.parametrize('change', [
    np.float32, np.uint16, lambda pixels: pixels[..., :2],
    lambda pixels: np.concatenate([pixels, pixels[..., :1]], 2)])
def test_pixels_that_priors_see_otherwise(pixels, change):
    with pytest.raises(UserError, match='uint8; load these, or .*--views'):
        cropped_pixels(change(pixels), 0, 0)


def test_ids_tell_crops_from_images(cifar_root):
    from mmpretrain.registry import DATASETS
    data = DATASETS.build(dict(
        type='CIFAR10Binary', data_root=str(cifar_root), pipeline=[]))
    ids = [Crop(data, 3, seed).id for seed in (None, 0, 1)]
    assert ids == [ids[0], f'{ids[0]}#0', f'{ids[0]}#1']
    assert len({hash_ids([name]) for name in ids}) == 3
