"""Random steps of a pipeline: drawn on the CPU, done on the device.

A step draws from a distribution of the CPU transform that it stands for.
What it makes of an image depends on that image and its key alone. Steps that
are equal do the same arithmetic, so images of several views go through them
together; what they draw from does not count.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from torch import Tensor

from .keys import split, uniform

Range = tuple[float, float]
Size = tuple[int, int]  # height, width
Arrays = Sequence[np.ndarray]


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
