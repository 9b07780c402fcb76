"""A JPEG that is decoded when it is known how much of it is needed.

libjpeg makes a half, a quarter or an eighth of the sides from fewer numbers
of a file. Its other fractions take longer than the whole picture: seven, six
or five eighths of 500 x 375 pixels 1.4 to 1.1 times as long.
"""
from __future__ import annotations

from io import BytesIO

import cv2
import numpy as np
from PIL import Image

from ..errors import UserError
from .formats import decode

FLAGS = {8: cv2.IMREAD_REDUCED_COLOR_8, 4: cv2.IMREAD_REDUCED_COLOR_4,
         2: cv2.IMREAD_REDUCED_COLOR_2}
ORIENTATION = 274  # EXIF's tag; from 5 on, sides change places


class Undecoded:
    """A JPEG of which the size is known; an array to all who ask for one.

    Args:
        content: Of the file.
        name: For messages.
        shape: (H, W) of the picture, upright.
    """
    ndim, dtype = 3, np.dtype(np.uint8)

    def __init__(self, content: bytes, name: str,
                 shape: tuple[int, int]) -> None:
        self.content, self.name, self.shape = content, name, (*shape, 3)
        self._made: tuple[np.ndarray, int] | None = None

    def at_most(self, factor: int) -> tuple[np.ndarray, int]:
        """The picture, BGR, and by what its sides were divided.

        Args:
            factor: 1, 2, 4 or 8; less where another view needed more.

        Raises:
            UserError: it is damaged.
        """
        if self._made is None or self._made[1] > factor:
            self._made = self._decode(factor), factor
        return self._made

    def _decode(self, factor: int) -> np.ndarray:
        if factor in FLAGS:
            image = cv2.imdecode(
                np.frombuffer(self.content, np.uint8), FLAGS[factor])
            if image is not None:
                return image
        try:
            image = decode(self.content)
        except Exception as e:  # whatever Pillow says of it
            raise UserError(f'{self.name} cannot be read ({e}): mend or '
                            'remove it') from e
        height, width = self.shape[:2]
        return image if factor == 1 else cv2.resize(
            image, (-(-width // factor), -(-height // factor)),
            interpolation=cv2.INTER_AREA)

    def __array__(self, dtype: np.dtype | None = None,
                  copy: bool | None = None) -> np.ndarray:
        return np.array(self.at_most(1)[0], dtype)

    def __deepcopy__(self, memo: dict) -> Undecoded:
        return self  # views share what one of them decoded


def jpeg_shape(content: bytes) -> tuple[int, int] | None:
    """Height and width of a JPEG, upright; ``None`` if it does not tell."""
    place, exif = 2, False
    while place + 9 <= len(content) and content[place] == 0xFF:
        kind = content[place + 1]
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            height, width = (int.from_bytes(content[place + i:place + i + 2],
                                            'big') for i in (5, 7))
            turned = exif and _orientation(content) > 4
            return (width, height) if turned else (height, width)
        exif |= content[place + 4:place + 8] == b'Exif'
        place += 2 + int.from_bytes(content[place + 2:place + 4], 'big')
    return None


def _orientation(content: bytes) -> int:
    with Image.open(BytesIO(content)) as image:
        return image.getexif().get(ORIENTATION, 1)
