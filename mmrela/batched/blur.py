"""Gaussian blur of a batch, each image with its own radius."""
from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


def gaussian_blur(images: Tensor, kernels: Tensor) -> Tensor:
    """Blur as Pillow does: three boxes along rows, three along columns.

    Bytes in between are rounded as Pillow rounds them, in float32 where it
    has 32-bit integers; results differ by one level at most.

    Args:
        images: (N, C, H, W) uint8.
        kernels: (N, reach + 1) float32; see :func:`box_kernels`.
    """
    blurred = images.float()
    for _ in range(2):
        for _ in range(3):
            blurred = _along_rows(blurred, kernels)
        blurred = blurred.transpose(2, 3)
    return blurred.to(torch.uint8)


def box_kernels(radii: np.ndarray) -> np.ndarray:
    """Right halves of boxes whose threefold is a Gaussian, centre first.

    Gwosdek et al., "Theoretical foundations of Gaussian convolution by
    extended box filtering" (2011), equations 7, 11 and 14.

    Args:
        radii: (N,): standard deviations in pixels.

    Returns:
        (N, reach + 1) float32; a box's ends may hold a part of a pixel.
    """
    variance = np.asarray(radii, np.float64)**2 / 3
    whole = np.floor((np.sqrt(12 * variance + 1) - 1) / 2)
    part = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance)
    part /= 6 * (variance - (whole + 1)**2)
    offsets = np.arange(int(whole.max()) + 2)
    inside = np.clip((whole + part)[:, None] + 1 - offsets, 0, 1)
    return (inside / (2 * (whole + part) + 1)[:, None]).astype(np.float32)


def _along_rows(images: Tensor, kernels: Tensor) -> Tensor:
    """One box, the images' edges repeated outwards."""
    reach, width = kernels.shape[1] - 1, images.shape[3]
    padded = F.pad(images, (reach, reach, 0, 0), 'replicate')
    weights = kernels.view(*kernels.shape, 1, 1, 1).unbind(1)
    total = images * weights[0]
    for offset, weight in enumerate(weights[1:], 1):
        left = padded[..., reach - offset:reach - offset + width]
        right = padded[..., reach + offset:reach + offset + width]
        total += (left + right).mul_(weight)
    return total.add_(0.5).floor_()
