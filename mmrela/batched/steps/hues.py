"""Pillow's hues of bytes, looked up: the same on every device."""
from __future__ import annotations

import functools

import numpy as np
import torch
from torch import Tensor


@functools.cache
def hue_table(device: torch.device) -> Tensor:
    """Hues of pixels, (3 · 511 · 256,) int32, 0 to 255.

    At ((largest · 511) + difference + 255) · 256 + chroma: the largest
    channel is red, green or blue, in this order; the difference of the next
    two, as in green − blue, blue − red and red − green; chroma is the
    largest channel less the least. Pillow has float32 between float64 sums.
    """
    difference, chroma = np.meshgrid(
        np.arange(-255, 256), np.arange(256), indexing='ij')
    # Of the two smaller channels one is the least.
    first = np.where(difference < 0, chroma + difference, chroma)
    second = np.where(difference < 0, chroma, chroma - difference)
    span = np.maximum(chroma, 1).astype(np.float32)
    first, second = (
        (distance.astype(np.float32) / span).astype(np.float64)
        for distance in (first, second))
    sector = np.stack([start + first - second for start in (0, 2, 4)])
    turn = sector.astype(np.float32).astype(np.float64) / 6 + 1
    turn = (turn - np.trunc(turn)).astype(np.float32).astype(np.float64)
    hues = np.floor(turn * 255).astype(np.int32)
    return torch.from_numpy(hues.ravel()).to(device)


@functools.cache
def ramp_table(device: torch.device) -> Tensor:
    """What each channel lacks at a hue of 0 to 510, (3, 511) float32.

    From −255 to 0, of full saturation and value; 256 are once around.
    """
    steps = np.array([[255], [3 * 255], [5 * 255]])  # blue, green, red
    place = (6 * (np.arange(511) % 256) + steps) % 1530
    missing = np.minimum(place, 1020 - place).clip(0, 255)
    return torch.from_numpy(-missing.astype(np.float32)).to(device)
