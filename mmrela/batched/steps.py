"""Random steps of a pipeline: drawn on the CPU, done on the device.

A step draws from a distribution of the CPU transform that it stands for.
What it makes of an image depends on that image and its key alone. Steps that
are equal do the same arithmetic, so images of several views go through them
together; what they draw from does not count.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from . import blur, colour, geometry
from .keys import split, uniform, within
from .orders import jitter_draws, sorted_blends

Range = tuple[float, float]
Size = tuple[int, int]  # height, width
Arrays = Sequence[np.ndarray]


def _drawn_from(**kwargs: object) -> object:
    return field(compare=False, **kwargs)


class Draw(NamedTuple):
    """One step's images and their numbers."""
    step: Step
    rows: np.ndarray
    numbers: Arrays


class Step:
    """One that changes all images; the others derive from it."""

    def resized(self, size: Size) -> Size:
        """What it makes of the images' size."""
        return size

    def draw(self, keys: np.ndarray, size: Size) -> Iterator[Draw]:
        """What becomes of images, of one size, with these keys.

        Args:
            keys: (N,) uint64.
            size: Of the images.
        """
        yield Draw(self, np.arange(len(keys)), self.numbers(keys, size))

    def numbers(self, keys: np.ndarray, size: Size) -> Arrays:
        """What it draws for each image, each (N, …)."""
        return ()

    def arranged(self, rows: np.ndarray,
                 numbers: Arrays) -> tuple[np.ndarray, Arrays]:
        """The images in its own order, and the arrays that it is called by."""
        return rows, numbers

    def __call__(self, images: Tensor, *arrays: Tensor) -> Tensor:
        """Change images, (N, C, H, W) uint8."""
        raise NotImplementedError


@dataclass(frozen=True)
class Series(Step):
    """One step after the other, each with keys of its own."""
    steps: Sequence[Step]

    def resized(self, size: Size) -> Size:
        for step in self.steps:
            size = step.resized(size)
        return size

    def draw(self, keys: np.ndarray, size: Size) -> Iterator[Draw]:
        for number, step in enumerate(self.steps):
            yield from step.draw(split(keys, number), size)
            size = step.resized(size)


@dataclass(frozen=True)
class Chance(Step):
    """A step that changes each image with a probability, not its size."""
    prob: float
    step: Step

    def draw(self, keys: np.ndarray, size: Size) -> Iterator[Draw]:
        chosen = np.flatnonzero(uniform(keys, 1)[:, 0] < self.prob)
        for drawn in self.step.draw(split(keys[chosen], 1), size):
            yield drawn._replace(rows=chosen[drawn.rows])


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

    def __call__(self, images: Tensor) -> Tensor:
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
