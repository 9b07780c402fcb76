"""Changes of colour of a batch, each image by its own amount.

They repeat Pillow's arithmetic on bytes, as mmcv calls it: the last of the
three channels counts as red, whatever the data set's order is. Images are
float32 (N, 3, H, W) that hold whole numbers from 0 to 255.
"""
from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

BRIGHTNESS, CONTRAST, SATURATION, HUE = range(4)


def luma(images: Tensor) -> Tensor:
    """Pillow's grey value, (N, 1, H, W); float32 holds it exactly."""
    blue, green, red = images.split(1, 1)
    total = red * 19595 + green * 38470
    return total.add_(blue * 7471).add_(32768).div_(65536).floor_()


def blend(images: Tensor, kinds: np.ndarray, factors: np.ndarray) -> Tensor:
    """Move each image away from black, its mean grey or its own grey.

    Args:
        images: See above.
        kinds: (N,): ``BRIGHTNESS``, ``CONTRAST`` or ``SATURATION``.
        factors: (N,): 0 gives that grey, 1 the image.
    """
    grey = luma(images)
    pixels = grey[0].numel()
    total = grey.flatten(1).sum(1, dtype=torch.int64)
    mean = (2 * total + pixels) // (2 * pixels)
    base = grey.mul_(_column(kinds == SATURATION, images))
    base += mean.view(-1, 1, 1, 1) * _column(kinds == CONTRAST, images)
    blended = (images - base).mul_(_column(factors, images)).add_(base)
    return blended.clamp_(0, 255).floor_()


def shift_hue(images: Tensor, shifts: np.ndarray) -> Tensor:
    """Shift each image's hue by whole levels, (N,), of 256 around.

    To HSV in bytes and back, as Pillow does it.
    """
    value, least = images.amax(1), images.amin(1)
    chroma = value - least
    saturation = (chroma * 255).div_(value.clamp(min=1)).floor_()
    hue = _hue(images, value, chroma) + _column(shifts, images)[:, 0]
    hue -= (hue >= 256) * 256.
    return _from_hsv(hue, saturation, value)


def _hue(images: Tensor, value: Tensor, chroma: Tensor) -> Tensor:
    """Pillow's hue, (N, H, W); it has float32 between float64 sums."""
    distances = (value[:, None] - images).div_(chroma.clamp(min=1)[:, None])
    blue, green, red = distances.double().unbind(1)
    sector = torch.where(
        red == 0, blue - green,
        torch.where(green == 0, 2 + red - blue, 4 + green - red))
    turn = (sector.float().double() / 6 + 1).frac_()
    return (turn.float().double() * 255).floor_().float()


def _from_hsv(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """Bytes (N, H, W) each to an image; 6 · 255 steps go around."""
    steps = hue.new_tensor([255, 3 * 255, 5 * 255]).view(3, 1, 1)
    place = (6 * hue)[:, None] + steps
    place -= (place >= 1530) * 1530.
    missing = torch.minimum(place, 1020 - place).clamp_(0, 255)
    kept = missing.mul_(saturation[:, None]).neg_().add_(255 * 255)
    return kept.mul_(value[:, None]).div_(255 * 255).round_()


def jitter(images: Tensor, orders: np.ndarray, factors: np.ndarray,
           shifts: np.ndarray | None) -> Tensor:
    """Change brightness, contrast, saturation and hue in any order.

    Args:
        images: See above.
        orders: (N, 4): the four kinds in each image's own order.
        factors: (N, 3) of the first three kinds.
        shifts: (N,) of the hue, or none.
    """
    blends = orders[orders != HUE].reshape(-1, 3)
    hue_after = (orders == HUE).argmax(1)
    for step in range(4):
        if shifts is not None:
            images = _shift_some(images, shifts, hue_after == step)
        if step < 3:
            kinds = blends[:, step]
            images = blend(images, kinds,
                           factors[np.arange(len(kinds)), kinds])
    return images


def _shift_some(images: Tensor, shifts: np.ndarray,
                chosen: np.ndarray) -> Tensor:
    index = torch.from_numpy(np.flatnonzero(chosen)).to(images.device)
    return images.index_copy(0, index,
                             shift_hue(images[index], shifts[chosen]))


def to_grey(images: Tensor, weights: tuple[float, float, float]) -> Tensor:
    """Weighted mean of the channels in each of them, rounded down.

    ``images`` may be uint8; so is the result.
    """
    total = sum(weights)  # of floats, as mmcv: Python 3.12 sums them better
    shares = images.new_tensor([weight / total for weight in weights],
                               dtype=torch.float64)
    weighted = images * shares.view(3, 1, 1)
    return weighted.sum(1, keepdim=True).to(torch.uint8).expand_as(images)


def solarize(images: Tensor, thresholds: np.ndarray) -> Tensor:
    """Invert what is not below each image's threshold, (N,); uint8."""
    below = images < _column(thresholds, images)
    return torch.where(below, images, 255 - images)


def _column(numbers: np.ndarray, images: Tensor) -> Tensor:
    """One number per image, (N, 1, 1, 1) float32 on the images' device."""
    numbers = torch.from_numpy(np.asarray(numbers, np.float32))
    return numbers.view(-1, 1, 1, 1).to(images.device)
