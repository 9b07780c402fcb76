"""Loads pictures of map-style data sets."""
from __future__ import annotations

from io import BytesIO

import numpy as np
from mmcv.transforms import BaseTransform
from PIL import Image

from .formats import decode, to_bgr
from .items import Items, content_of


def to_pixels(picture: object) -> np.ndarray:
    """An item's picture, (H, W, 3) BGR or (H, W) grey, uint8.

    Raises:
        TypeError: it is none.
        OSError, ValueError: as :func:`~mmrela.pictures.formats.decode`.
    """
    content = picture = content_of(picture)
    if isinstance(content, bytes):
        picture = Image.open(BytesIO(content))
    if isinstance(picture, Image.Image):
        if picture.mode in ('1', 'L'):
            return np.asarray(picture.convert('L'))
        return decode(content) if isinstance(
            content, bytes) else to_bgr(picture)
    if isinstance(picture, np.ndarray) and picture.dtype == np.uint8 and (
            picture.ndim == 2 or picture.ndim == 3
            and picture.shape[2] in (1, 3, 4)):
        return picture[..., 2::-1] if picture.shape[2:] > (1, ) else picture
    raise TypeError(f'{type(picture).__name__}, neither a picture of '
                    "Pillow's nor (H, W, 3) uint8: leave `transform` out of "
                    '`source`')


class LoadItem(BaseTransform):
    """Loads what a data set of items has in a row.

    Args:
        items: The data set.
        channel_order: ``rgb`` or ``bgr``.
    """

    def __init__(self, items: Items, channel_order: str) -> None:
        self.items, self.channel_order = items, channel_order

    def transform(self, results: dict) -> dict:
        """Add ``img``, its shape, and ``gt_label`` if there is one."""
        picture, label = self.items[results['row']]
        image = to_pixels(picture)
        if image.ndim == 3 and self.channel_order == 'rgb':
            image = image[..., ::-1]
        results['img'] = np.ascontiguousarray(image)
        results['img_shape'] = results['ori_shape'] = image.shape[:2]
        if label is not None:
            results['gt_label'] = label
        return results
