"""Images, and crops of images, as priors see them."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms import RandomResizedCrop

from ..features.extract import extract
from ..features.images import PriorImages
from ..pictures.rgb import Sample
from ..rng import seed_of, seeded

SCALE, RATIO = 0.5, (3 / 4, 4 / 3)  # of crops: RELA's weak views


class Piece(NamedTuple):
    """A sample, or the crop that a seed makes of it.

    Attributes:
        row: Of the sample in its data set.
        label: Its class.
        seed: Of the crop; ``None`` for the whole image.
        scale: Least share of the image's area that the crop takes.
    """
    row: int
    label: int
    seed: int | None = None
    scale: float = SCALE


class Cut(Sample):
    """A piece as priors see it, as large as the image that it is of."""

    def __init__(self, dataset: object, piece: Piece) -> None:
        super().__init__(dataset, piece.row)
        self.seed, self.scale = piece.seed, piece.scale

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
        with seeded(seed_of(self.index, self.seed)):
            crop = RandomResizedCrop(
                image.size[::-1], (self.scale, 1.0), RATIO)
            return crop(image)


@dataclass(frozen=True, eq=False)
class PieceImages(PriorImages):
    """Pieces of a data set's images as a prior sees them."""
    pieces: Sequence[Piece] = ()

    def __len__(self) -> int:
        return len(self.pieces)

    def sample(self, index: int) -> Cut:
        """One of the pieces, which is read when a prior looks at it."""
        return Cut(self.dataset, self.pieces[index])


def features_of(images: PriorImages, pieces: Sequence[Piece],
                title: str) -> Tensor:
    """Features of pieces, (pieces, d) float32.

    Args:
        images: All images, as the prior sees them.
        pieces: Which of them.
        title: Of the progress bar.

    Raises:
        UserError: as :func:`~mmrela.features.extract.extract`.
    """
    seen = PieceImages(images.dataset, images.prior, images.workers,
                       pieces=pieces)
    return torch.cat([part for part, _ in extract(seen, title)])
