"""Crops of a batch, each image with its own box."""
from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .keys import uniform, within


def crop_boxes(keys: np.ndarray, size: tuple[int, int],
               areas: tuple[float, float], aspects: tuple[float, float],
               attempts: int) -> np.ndarray:
    """Boxes as mmpretrain's ``RandomResizedCrop`` draws them.

    Args:
        keys: (N,) uint64.
        size: Height and width of the images.
        areas: Range of a box's share of the area.
        aspects: Range of width / height.
        attempts: Draws before the central crop is taken.

    Returns:
        (N, 4) int64: top, left, height, width.
    """
    whole = np.array(size)
    draws = uniform(keys, 2 * attempts + 2)
    area = within(areas, draws[:, :attempts]) * whole.prod()
    aspect = np.exp(within(np.log(aspects), draws[:, attempts:-2]))
    sides = np.rint(np.sqrt(np.stack([area / aspect, area * aspect], 2)))
    fits = ((0 < sides) & (sides <= whole)).all(2)
    fits = np.c_[fits, np.full(len(keys), True)]
    centre = np.broadcast_to(_largest(size, aspects), (len(keys), 1, 2))
    sides = np.concatenate([sides, centre], 1)
    chosen = fits.argmax(1)
    sides = sides[np.arange(len(keys)), chosen]
    offsets = np.where(
        (chosen < attempts)[:, None],
        draws[:, -2:] * (whole - sides + 1), (whole - sides) // 2)
    return np.c_[offsets, sides].astype(np.int64)


def _largest(size: tuple[int, int],
             aspects: tuple[float, float]) -> tuple[int, int]:
    """Sides of the largest box of an allowed aspect."""
    height, width = size
    if width / height < min(aspects):
        return round(width / min(aspects)), width
    if width / height > max(aspects):
        return height, round(height * max(aspects))
    return size


def crop_and_resize(images: Tensor, rows: Tensor,
                    columns: Tensor) -> Tensor:
    """Cut a box out of each image and resize it bilinearly.

    Like OpenCV's, the resizing sees the box alone and does not smooth
    before it shrinks. OpenCV works with 11 bits and rounds down on the way:
    about a tenth of its bytes are lower by one level, none by more.

    Args:
        images: (N, C, H, W) uint8.
        rows: (N, height) float32; see :func:`crop_places`.
        columns: (N, width) float32.

    Returns:
        (N, C, height, width) uint8.
    """
    shape = -1, rows.shape[1], columns.shape[1]
    grid = torch.stack([  # N x height x width x (x, y)
        columns[:, None, :].expand(shape),
        rows[:, :, None].expand(shape)], 3)
    resized = F.grid_sample(images.float(), grid, align_corners=False)
    return resized.round_().to(torch.uint8)


def crop_places(boxes: np.ndarray, size: tuple[int, int],
                images: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Where the pixels of resized boxes lie in their images.

    Args:
        boxes: (N, 4): top, left, height, width.
        size: Height and width of the result.
        images: Of the images.

    Returns:
        (N, height) and (N, width) float32 in −1 … 1.
    """
    boxes = boxes.astype(np.float32)
    rows, columns = (
        _places(boxes[:, axis, None], boxes[:, axis + 2, None], size[axis],
                images[axis]) for axis in (0, 1))
    return rows, columns


def _places(start: np.ndarray, length: np.ndarray, count: int,
            side: int) -> np.ndarray:
    """Those along an axis, (N, count)."""
    steps = np.arange(count, dtype=np.float32) + np.float32(0.5)
    inside = steps * (length / np.float32(count)) - np.float32(0.5)
    inside = np.minimum(np.maximum(inside, 0), length - 1)
    return (2 * (inside + start) + 1) / np.float32(side) - 1
