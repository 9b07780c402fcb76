"""Gaussian blur of a batch, each image with its own radius."""
from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

UNIT = 2**24  # that Pillow's weights are parts of


def gaussian_blur(images: Tensor, kernels: Tensor, shifts: Tensor) -> Tensor:
    """Blur as Pillow does: three boxes along rows, three along columns.

    In whole numbers as there, so the bytes are the same.

    Args:
        images: (N, C, H, W) uint8.
        kernels, shifts: See :func:`box_kernels`.
    """
    blurred = images.int().sub_(128)  # sums stay below 2^31
    for _ in range(2):
        for _ in range(3):
            blurred = _along_rows(blurred, kernels, shifts)
        blurred = blurred.transpose(2, 3)
    return blurred.add_(128).to(torch.uint8)


def box_kernels(radii: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Right halves of boxes whose threefold is a Gaussian, centre first.

    Gwosdek et al., "Theoretical foundations of Gaussian convolution by
    extended box filtering" (2011), equations 7, 11 and 14; in float32 and
    rounded down where Pillow's C does so.

    Args:
        radii: (N,): standard deviations in pixels.

    Returns:
        (N, reach + 1, 1, 1, 1) int32, in parts of 2^24; a box's ends may
        hold a part of a pixel. (N, 1, 1, 1) int32: what rounds the sum of an
        image less 128, and makes good what the weights lack of 1.
    """
    one = np.float32(1)
    variance = np.float32(radii)**2 / np.float32(3)
    length = np.float32(np.sqrt(12 * variance.astype(np.float64) + 1))
    whole = np.floor((length - one) / 2)
    part = (2 * whole + one) * (whole * (whole + one) - 3 * variance)
    part /= 6 * (variance - (whole + one) * (whole + one))
    inner = (np.float32(UNIT) / ((whole + part) * 2 + one)).astype(np.int64)
    reach = whole.astype(np.int64)
    outer = (UNIT - (2 * reach + 1) * inner) // 2
    offsets = np.arange(reach.max() + 2)
    kernels = np.where(
        offsets <= reach[:, None], inner[:, None],
        np.where(offsets == reach[:, None] + 1, outer[:, None], 0))
    total = kernels[:, 0] + 2 * kernels[:, 1:].sum(1)
    shifts = 128 * (total - UNIT) + UNIT // 2
    return (kernels.astype(np.int32)[..., None, None, None],
            shifts.astype(np.int32)[:, None, None, None])


def _along_rows(images: Tensor, kernels: Tensor, shifts: Tensor) -> Tensor:
    """One box, the images' edges repeated outwards."""
    reach, width = kernels.shape[1] - 1, images.shape[3]
    ends = (images[..., :1], images[..., -1:])
    left, right = (end.expand(*images.shape[:3], reach) for end in ends)
    padded = torch.cat([left, images, right], 3)
    weights = kernels.unbind(1)
    total = images * weights[0]
    for offset, weight in enumerate(weights[1:], 1):
        left = padded[..., reach - offset:reach - offset + width]
        right = padded[..., reach + offset:reach + offset + width]
        total += (left + right).mul_(weight)
    return total.add_(shifts).bitwise_right_shift_(24)
