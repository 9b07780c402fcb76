"""Images, and crops of images, as priors see them."""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils.data import Dataset

from ..features.extract import extract
from ..features.images import PriorImages
from ..pictures.crops import SCALE, Crop


class Piece(NamedTuple):
    """A sample, or the crop that a seed makes of it.

    Attributes:
        row: Of the sample in its data set.
        label: Its class.
        seed, scale: See :class:`~mmrela.pictures.crops.Crop`.
    """
    row: int
    label: int
    seed: int | None = None
    scale: float = SCALE

    def of(self, dataset: Dataset) -> Crop:
        """The piece itself, as large as the image that it is of."""
        return Crop(dataset, self.row, self.seed, self.scale)


@dataclass(frozen=True, eq=False)
class PieceImages(PriorImages):
    """Pieces of a data set's images as a prior sees them."""
    pieces: Sequence[Piece] = ()

    def __len__(self) -> int:
        return len(self.pieces)

    def sample(self, index: int) -> Crop:
        """One of the pieces, which is read when a prior looks at it."""
        return self.pieces[index].of(self.dataset)


def features_of(images: PriorImages, pieces: Sequence[Piece],
                title: str) -> Tensor:
    """Features of pieces, (pieces, d) float32; see :func:`parts_of`."""
    return torch.cat([*parts_of(images, pieces, title)])


def parts_of(images: PriorImages, pieces: Sequence[Piece],
             title: str) -> Iterator[Tensor]:
    """Features of pieces, (m, d) float32, batch by batch.

    Args:
        images: All images, as the prior sees them.
        pieces: Which of them.
        title: Of the progress bar.

    Raises:
        UserError: as :func:`~mmrela.features.extract.extract`.
    """
    seen = PieceImages(images.dataset, images.prior, images.workers,
                       pieces=pieces)
    return (part for part, _ in extract(seen, title))
