"""Pillow's Gaussian blur, each image with its own radius."""
from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from mmrela.batched.blur import box_kernels, gaussian_blur


@pytest.mark.parametrize('size', [(32, 32), (9, 14), (3, 2)])
def test_pixels_are_pillows_to_one_level(size):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (40, *size, 3), dtype=np.uint8)
    radii = np.linspace(0.05, 4, 40)
    ours = gaussian_blur(torch.from_numpy(images).permute(0, 3, 1, 2),
                         torch.from_numpy(box_kernels(radii)))
    theirs = np.stack([
        Image.fromarray(image).filter(ImageFilter.GaussianBlur(float(radius)))
        for image, radius in zip(images, radii)])
    difference = ours.permute(0, 2, 3, 1).numpy().astype(int) - theirs
    assert abs(difference).max() <= 1
    assert (difference != 0).mean() < 0.001


def test_three_boxes_have_the_gaussians_variance():
    radii = np.array([0.3, 1.0, 2.5, 6.0])
    kernels = box_kernels(radii).astype(np.float64)
    offsets = np.arange(kernels.shape[1])
    np.testing.assert_allclose(
        kernels[:, 0] + 2 * kernels[:, 1:].sum(1), 1, rtol=1e-6)
    np.testing.assert_allclose(
        3 * 2 * (kernels * offsets**2).sum(1), radii**2, rtol=1e-5)
