"""Crops that seeds make of images: one box for a prior and a student."""
from __future__ import annotations

from functools import cached_property

import numpy as np
import torch
from PIL import Image
from torch.utils.data import Dataset
from torchvision.transforms import RandomResizedCrop
from torchvision.transforms.functional import resized_crop

from ..errors import UserError
from ..rng import seed_of
from .rgb import Sample

SCALE, RATIO = 0.5, (3 / 4, 4 / 3)  # RELA's weak views
GRID = 4096  # lines a side, between which boxes of stored views lie
# Fingerprints say it: with another rule a store's views would be others.
RULE = f'seeded crops of {SCALE} to 1 of the area, on {GRID} lines'


def cropped(image: Image.Image, row: int, seed: int, scale: float = SCALE,
            grid: int | None = None) -> Image.Image:
    """A random crop, as large as its image.

    Args:
        image: Of a sample; its mode and order of channels do not matter.
        row: Of the sample in its data set, which is a part of the seed.
        seed: The other part; that of a stored view is its number.
        scale: Least share of the image's area that the crop takes.
        grid: Sides of the square that the box is drawn on, which is then
            laid over the image: a smaller copy of it gets the same box. By
            default it is drawn on the image itself.
    """
    sides = [*image.size[::-1]]
    lines = [grid, grid] if grid else sides
    # It draws from torch alone; to put back numpy's state takes longer than
    # all of this.
    with torch.random.fork_rng([]):
        torch.default_generator.manual_seed(seed_of(row, seed))
        top, left, height, width = RandomResizedCrop.get_params(
            torch.empty(()).expand(1, *lines), (scale, 1.0), RATIO)
    top, left, bottom, right = (
        round(place * side / line) for place, side, line in zip(
            (top, left, top + height, left + width), 2 * sides, 2 * lines))
    return resized_crop(image, top, left, bottom - top, right - left, sides)


def cropped_pixels(pixels: np.ndarray, row: int, view: int) -> np.ndarray:
    """A stored view as a prior saw it, in pixels as they were loaded.

    Args:
        pixels: Grey, (H, W) or (H, W, 1), or colours, (H, W, 3), uint8.
        row, view: Of the sample, and which of its views.

    Raises:
        UserError: they are none of these.
    """
    found = np.asarray(pixels)  # decoded now, if that was left for later
    if found.dtype != np.uint8 or found.shape[2:] not in ((), (1, ), (3, )):
        raise UserError(
            f'the data set loads {found.shape} {found.dtype}: stored views '
            'are crops of grey images or of three channels, uint8; load '
            'these, or make targets without --views')
    flat = found[..., 0] if found.shape[2:] == (1, ) else found
    crop = cropped(Image.fromarray(flat), row, view, grid=GRID)
    return np.array(crop).reshape(found.shape)


class Crop(Sample):
    """A sample's image, or a crop of it that is as large.

    Args:
        dataset, index: See :class:`Sample`.
        seed: See :func:`cropped`; ``None`` for the whole image.
        scale, grid: See there.
    """

    def __init__(self, dataset: Dataset, index: int, seed: int | None,
                 scale: float = SCALE, grid: int | None = None) -> None:
        super().__init__(dataset, index)
        self.seed, self.scale, self.grid = seed, scale, grid

    @property
    def id(self) -> str:
        """That of its image, which tells a crop from it."""
        return super().id + ('' if self.seed is None else f'#{self.seed}')

    @cached_property
    def image(self) -> Image.Image:
        """The image or its crop, RGB.

        Raises:
            UserError: it cannot be read.
        """
        image = super().image
        if self.seed is None:
            return image
        return cropped(image, self.index, self.seed, self.scale, self.grid)
