"""Pillow's Gaussian blur, each image with its own radius."""
from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from mmrela.batched.steps.blur import UNIT, box_kernels, gaussian_blur


@pytest.mark.parametrize('size', [(32, 32), (9, 14), (3, 2)])
@pytest.mark.parametrize('kind', ['noise', 'steps', 'extremes'])
def test_pixels_are_pillows(size, kind):
    """Steps of one level make sums that lie half-way between two."""
    rng = np.random.default_rng(0)
    radii = np.r_[np.linspace(0.05, 4, 57), 0.5, 1, 2]
    low, high = dict(noise=(0, 256), steps=(127, 129), extremes=(0, 2))[kind]
    images = rng.integers(low, high, (60, *size, 3)) * (
        255 if kind == 'extremes' else 1)
    images = images.astype(np.uint8)
    ours = gaussian_blur(torch.from_numpy(images).permute(0, 3, 1, 2),
                         *map(torch.from_numpy, box_kernels(radii)))
    np.testing.assert_array_equal(ours.permute(0, 2, 3, 1), [
        Image.fromarray(image).filter(ImageFilter.GaussianBlur(float(radius)))
        for image, radius in zip(images, radii)])


def test_three_boxes_have_the_gaussians_variance():
    radii = np.array([0.3, 1.0, 2.5, 6.0])
    kernels = box_kernels(radii)[0][..., 0, 0, 0] / UNIT
    offsets = np.arange(kernels.shape[1])
    np.testing.assert_allclose(
        kernels[:, 0] + 2 * kernels[:, 1:].sum(1), 1, rtol=1e-6)
    np.testing.assert_allclose(
        3 * 2 * (kernels * offsets**2).sum(1), radii**2, rtol=1e-5)
