"""Changes of colour of a batch, each image by its own amount.

They repeat Pillow's arithmetic on bytes, as mmcv calls it: the last of the
three channels counts as red, whatever the data set's order is. Images are
float32 (N, 3, H, W) that hold whole numbers from 0 to 255, and change in
place. Nothing here waits for the device or sends it anything.
"""
from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .hues import hue_table, ramp_table

HALF = torch.tensor(0.5)
RED, GREEN, BLUE = (part / 65536 for part in (19595, 38470, 7471))


def luma(images: Tensor) -> Tensor:
    """Pillow's grey value, (N, 1, H, W); float32 holds it exactly."""
    blue, green, red = images.split(1, 1)
    total = torch.add(HALF, red, alpha=RED).add_(green, alpha=GREEN)
    return total.add_(blue, alpha=BLUE).floor_()


def blend(images: Tensor, factors: Tensor, own: Tensor,
          pixels: Tensor) -> None:
    """Move each image away from black, its own grey or its mean grey.

    Args:
        images: See above.
        factors: (N, 1, 1, 1) float32: 0 gives that grey, 1 the image.
        own: (N, 1, 1, 1) float32: 1 where it is each pixel's grey, else 0.
        pixels: (N, 1, 1, 1) float32: those of an image where it is the mean
            grey, else infinity.
    """
    grey = luma(images)
    base = _rounded_mean(grey, pixels).addcmul(grey, own)
    images.sub_(base).mul_(factors).add_(base).clamp_(0, 255).floor_()


def _rounded_mean(grey: Tensor, pixels: Tensor) -> Tensor:
    """(N, 1, 1, 1) float32: half a level goes up; 0 for infinite pixels."""
    count = grey[0].numel()
    # There float32 holds the sums, and no quotient is rounded to a level.
    exact = count <= 2**16 and count % 2 == 0
    total = grey.sum((1, 2, 3), keepdim=True,
                     dtype=torch.float32 if exact else torch.float64)
    return total.add_(count / 2).div_(pixels).floor_().float()


def shift_hue(images: Tensor, shifts: Tensor, whole: Tensor) -> None:
    """Shift each image's hue by whole levels of 256 around.

    To HSV in bytes and back, as Pillow does it.

    Args:
        images: See above.
        shifts: (N, 1, 1) int32, 0 to 255.
        whole: 255 · 255; as a number, CUDA would multiply by its inverse.
    """
    value, least = images.amax(1), images.amin(1)
    chroma = value - least
    saturation = (chroma * 255).div_(value.clamp(min=1)).floor_()
    hue = _looked_up(hue_table(images.device), _hue_index(
        images, value, chroma)).add_(shifts)
    missing = _looked_up(ramp_table(images.device), hue)  # below zero
    kept = missing.mul_(saturation).add_(255 * 255).mul_(value)
    torch.round(kept.div_(whole).transpose(0, 1), out=images)


def _hue_index(images: Tensor, value: Tensor, chroma: Tensor) -> Tensor:
    """Where the table has the hues of these pixels, (N, H, W) int32."""
    blue, green, red = images.unbind(1)
    place = torch.where(
        red == value, (green - blue).add_(255),
        torch.where(green == value, (blue - red).add_(255 + 511),
                    (red - green).add_(255 + 2 * 511)))
    return torch.add(chroma, place, alpha=256).int()


def _looked_up(table: Tensor, index: Tensor) -> Tensor:
    """What a table holds in its last axis; faster than by brackets."""
    found = table.index_select(-1, index.flatten())
    return found.view(*table.shape[:-1], *index.shape)


def jitter(images: Tensor, blends: Sequence[Tensor], shifts: Tensor,
           whole: Tensor) -> None:
    """Change brightness, contrast, saturation and hue in any order.

    The images come in order of the place that the hue has among their four
    changes, last those without: before and after the one shift of hue each
    blending changes the end or the beginning of the batch.

    Args:
        images: See above.
        blends: Three before the hue, of the last images, and three after
            it, of the first; each (3, n, 1, 1, 1): see :func:`blend`.
        shifts, whole: Of the first images; see :func:`shift_hue`.
    """
    for numbers in blends[:3]:
        if numbers.shape[1]:
            blend(images[-numbers.shape[1]:], *numbers)
    if len(shifts):
        shift_hue(images[:len(shifts)], shifts, whole)
    for numbers in blends[3:]:
        if numbers.shape[1]:
            blend(images[:numbers.shape[1]], *numbers)


def to_grey(images: Tensor, shares: Tensor) -> Tensor:
    """Weighted mean of the channels in each of them, rounded down.

    Args:
        images: (N, 3, H, W) uint8.
        shares: (3, 1, 1) float64, of sum 1.
    """
    weighted = images * shares
    grey = weighted.sum(1, keepdim=True).to(torch.uint8)
    return grey.expand_as(images).contiguous()  # the next step writes


def solarize(images: Tensor, thresholds: Tensor) -> Tensor:
    """Invert what is not below each image's threshold.

    Args:
        images: (N, C, H, W) uint8.
        thresholds: (N, 1, 1, 1) float32.
    """
    return torch.where(images < thresholds, images, 255 - images)
