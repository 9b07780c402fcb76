"""The steps that there are, each with a CPU transform that it stands for."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from . import blur, colour, geometry
from .keys import uniform, within
from .orders import jitter_draws, sorted_blends
from .step import Arrays, Range, Size, Step


def _drawn_from() -> Any:
    return field(compare=False)


@dataclass(frozen=True)
class Crop(Step):
    """Crop and resize to ``size``, or to the size that the images have.

    Args:
        areas: Range of a crop's share of the area, in (0, 1].
        aspects: Range of width / height.
        attempts: Draws before the central crop is taken.
        size: Of the result.
    """
    areas: Range = _drawn_from()
    aspects: Range = _drawn_from()
    attempts: int = _drawn_from()
    size: Size | None = None

    def resized(self, size: Size) -> Size:
        return self.size or size

    def numbers(self, keys: np.ndarray, size: Size) -> Arrays:
        boxes = geometry.crop_boxes(
            keys, size, self.areas, self.aspects, self.attempts)
        return geometry.crop_places(boxes, self.resized(size), size)

    def __call__(self, images: Tensor, *arrays: Tensor) -> Tensor:
        return geometry.crop_and_resize(images, *arrays)


@dataclass(frozen=True)
class Flip(Step):
    """Mirror images along an axis: 2 is vertical, 3 horizontal."""
    axis: int

    def __call__(self, images: Tensor, *arrays: Tensor) -> Tensor:
        return images.flip(self.axis)


@dataclass(frozen=True)
class Jitter(Step):
    """Brightness, contrast, saturation, hue; ``None`` leaves one out."""
    ranges: Sequence[Range | None] = _drawn_from()

    def numbers(self, keys: np.ndarray, size: Size) -> Arrays:
        pixels = np.full(len(keys), size[0] * size[1])
        return *jitter_draws(keys, self.ranges), pixels

    def arranged(self, rows: np.ndarray,
                 numbers: Arrays) -> tuple[np.ndarray, Arrays]:
        order, blends, shifts = sorted_blends(*numbers)
        whole = np.full((1, 1, 1), 255 * 255, np.float32)
        return rows[order], [*blends, shifts[:, None, None], whole]

    def __call__(self, images: Tensor, *arrays: Tensor) -> Tensor:
        *blends, shifts, whole = arrays
        images = images.float()
        colour.jitter(images, blends, shifts, whole)
        return images.to(torch.uint8)


@dataclass(frozen=True)
class Grey(Step):
    """Set each of three channels to their mean by ``weights``."""
    weights: tuple[float, float, float]

    def arranged(self, rows: np.ndarray,
                 numbers: Arrays) -> tuple[np.ndarray, Arrays]:
        total = sum(self.weights)  # of floats: Python 3.12 sums them better
        shares = np.array([weight / total for weight in self.weights])
        return rows, [shares[:, None, None]]

    def __call__(self, images: Tensor, *arrays: Tensor) -> Tensor:
        return colour.to_grey(images, *arrays)


@dataclass(frozen=True)
class Solarize(Step):
    """Invert what is not below a threshold from a range, in 0 to 255."""
    thresholds: Range = _drawn_from()

    def numbers(self, keys: np.ndarray, size: Size) -> Arrays:
        drawn = within(self.thresholds, uniform(keys, 1)).astype(np.float32)
        return [drawn[:, :, None, None]]

    def __call__(self, images: Tensor, *arrays: Tensor) -> Tensor:
        return colour.solarize(images, *arrays)


@dataclass(frozen=True)
class Blur(Step):
    """Blur by a standard deviation from a range, in pixels."""
    radii: Range = _drawn_from()

    def numbers(self, keys: np.ndarray, size: Size) -> Arrays:
        return [within(self.radii, uniform(keys, 1)[:, 0])]

    def arranged(self, rows: np.ndarray,
                 numbers: Arrays) -> tuple[np.ndarray, Arrays]:
        return rows, blur.box_kernels(*numbers)

    def __call__(self, images: Tensor, *arrays: Tensor) -> Tensor:
        return blur.gaussian_blur(images, *arrays)
