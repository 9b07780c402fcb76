"""Random steps of a pipeline, on a batch with a key for each image.

Each takes images, (N, C, H, W) uint8, and keys, (N,) uint64, and draws
from a distribution of the CPU transform that it stands for. What it makes
of an image depends on that image and its key alone.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from . import blur, colour, geometry
from .keys import split, uniform, within

Step = Callable[[Tensor, np.ndarray], Tensor]
Range = tuple[float, float]


def run(images: Tensor, keys: np.ndarray, steps: Sequence[Step]) -> Tensor:
    """One step after the other, each with keys of its own.

    Args:
        images: (N, C, H, W) uint8.
        keys: (N,) uint64; each step gets another child of them.
        steps: In their order.

    Returns:
        (N, C, H', W') uint8, of the size that the steps give them.
    """
    for number, step in enumerate(steps):
        images = step(images, split(keys, number))
    return images


def some(images: Tensor, keys: np.ndarray, prob: float, step: Step) -> Tensor:
    """Let a step change each image with a probability.

    Args:
        images: (N, C, H, W) uint8; they stay as they are.
        keys: (N,) uint64; decide which images it changes, and how.
        prob: Of each image, 0 to 1.
        step: Gets the chosen images alone and must keep their size.

    Returns:
        (N, C, H, W) uint8.
    """
    chosen = np.flatnonzero(uniform(keys, 1)[:, 0] < prob)
    if not len(chosen):
        return images
    index = torch.from_numpy(chosen).to(images.device)
    changed = step(images[index], split(keys[chosen], 1))
    return images.index_copy(0, index, changed)


def crop(images: Tensor, keys: np.ndarray, areas: Range, aspects: Range,
         attempts: int, size: tuple[int, int] | None = None) -> Tensor:
    """Crop and resize to ``size``, or to the size that the images have.

    Args:
        images: (N, C, H, W) uint8.
        keys: (N,) uint64.
        areas: Range of a crop's share of the area, in (0, 1].
        aspects: Range of width / height.
        attempts: Draws before the central crop is taken.
        size: Height and width of the result, in pixels.

    Returns:
        (N, C, *size) uint8.
    """
    native = tuple(images.shape[2:])
    boxes = geometry.crop_boxes(keys, native, areas, aspects, attempts)
    return geometry.crop_and_resize(images, boxes, size or native)


def flip(images: Tensor, keys: np.ndarray, axis: int) -> Tensor:
    """Mirror all images along an axis: 2 is vertical, 3 horizontal."""
    return images.flip(axis)


def jitter(images: Tensor, keys: np.ndarray,
           ranges: Sequence[Range | None]) -> Tensor:
    """Brightness, contrast, saturation, hue; ``None`` leaves one out."""
    changed = colour.jitter(images.float(), *jitter_draws(keys, ranges))
    return changed.to(torch.uint8)


def jitter_draws(
    keys: np.ndarray, ranges: Sequence[Range | None]
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Orders, factors and levels of hue for :func:`colour.jitter`."""
    draws = uniform(keys, 8)
    orders = draws[:, :4].argsort(1)
    factors = np.stack([
        within(bounds or (1, 1), draws[:, 4 + kind])
        for kind, bounds in enumerate(ranges[:colour.HUE])], 1)
    if ranges[colour.HUE] is None:
        return orders, factors, None
    hue = within(ranges[colour.HUE], draws[:, 7])
    return orders, factors, np.trunc(hue * 255) % 256


def grey(images: Tensor, keys: np.ndarray,
         weights: tuple[float, float, float]) -> Tensor:
    """Set each of three channels to their mean by ``weights``."""
    return colour.to_grey(images, weights)


def solarize(images: Tensor, keys: np.ndarray, thresholds: Range) -> Tensor:
    """Invert what is not below a threshold from a range, in 0 to 255."""
    return colour.solarize(images, within(thresholds, uniform(keys, 1)[:, 0]))


def gaussian_blur(images: Tensor, keys: np.ndarray, radii: Range) -> Tensor:
    """Blur by a standard deviation from a range, in pixels."""
    return blur.gaussian_blur(images, within(radii, uniform(keys, 1)[:, 0]))
