"""Images, and crops of images, that a distilled data set may be made of."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from PIL import Image
from torch import Tensor
from torchvision.transforms import RandomResizedCrop

from ..datasets.rgb import Sample
from ..features.images import PriorImages
from ..rng import seed_of, seeded

SCALE, RATIO = (0.5, 1.0), (3 / 4, 4 / 3)  # of crops: RELA's weak views


class Piece(NamedTuple):
    """A sample, or the crop that a seed makes of it.

    Attributes:
        row: Of the sample in its data set.
        label: Its class.
        seed: Of the crop; ``None`` for the whole image.
    """
    row: int
    label: int
    seed: int | None = None


class Cut(Sample):
    """A piece as priors see it, as large as the image that it is of."""

    def __init__(self, dataset: object, piece: Piece) -> None:
        super().__init__(dataset, piece.row)
        self.seed = piece.seed

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
            crop = RandomResizedCrop(image.size[::-1], SCALE, RATIO)
            return crop(image)


@dataclass(frozen=True, eq=False)
class PieceImages(PriorImages):
    """Pieces of a data set's images as a prior sees them."""
    pieces: Sequence[Piece] = ()

    def __len__(self) -> int:
        return len(self.pieces)

    def __getitem__(self, index: int) -> Tensor:
        return self.prior.input_of(Cut(self.dataset, self.pieces[index]))
