"""A sample's image as all priors get it: RGB, eight bits a channel."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from itertools import takewhile

import numpy as np
from mmcv.transforms import LoadImageFromFile
from mmpretrain.registry import TRANSFORMS
from PIL import Image
from torch.utils.data import Dataset

from ..errors import UserError
from .access import is_loading, load_sample, locate, sample_id, sample_name


class Sample:
    """One sample of a data set, whose image is read when it is asked for.

    Args:
        dataset: One of mmpretrain's, or a wrapper of some.
        index: Which sample.
    """

    def __init__(self, dataset: Dataset, index: int) -> None:
        self.dataset, self.index = dataset, index

    @property
    def id(self) -> str:
        """What stores and files of features know it by."""
        return sample_id(self.dataset, self.index)

    @property
    def name(self) -> str:
        """Its path, or its number, for messages."""
        return sample_name(self.dataset, self.index)

    @cached_property
    def image(self) -> Image.Image:
        """The image, RGB, whatever the data set's transforms load.

        Raises:
            UserError: it cannot be read, or is no image of eight bits.
        """
        # One that is decoded late is an array when asked for it.
        pixels = np.asarray(load_sample(self.dataset, self.index)['img'])
        where, local = locate(self.dataset, self.index)
        bgr = loads_bgr(where.pipeline.transforms,
                        lambda: 'img' in where.get_data_info(local))
        try:
            return as_rgb(pixels, bgr)
        except ValueError as e:
            raise UserError(f'{self.name}: {e}') from e


def loads_bgr(transforms: Iterable[object],
              in_memory: Callable[[], bool] = bool) -> bool:
    """Whether the images that a pipeline begins with are BGR.

    mmcv loads BGR, unless by tifffile; images in memory are RGB. Another
    loader tells by its attribute ``channel_order``, ``rgb`` or ``bgr``, or
    ``same`` if it leaves the order as it was.

    Args:
        transforms: The pipeline, of which the leading ``Load…`` count.
        in_memory: Whether samples hold their images before that; asked if
            no loader tells.

    Raises:
        UserError: no loader of them tells.
    """
    loads = [load for load in takewhile(is_loading, transforms)
             if getattr(load, 'channel_order', None) != 'same']
    orders = [*filter(None, map(_order, loads))]
    if loads and not (orders or in_memory()):
        raise UserError(f'{type(loads[0]).__name__} does not tell whether it '
                        "loads RGB or BGR: give its class channel_order = "
                        "'rgb' or 'bgr'")
    return orders[-1:] == ['bgr']


def swaps(preprocessor: dict) -> bool:
    """Whether a data preprocessor, by its config, turns BGR into RGB."""
    return any(preprocessor.get(key)
               for key in ('to_rgb', 'bgr_to_rgb', 'rgb_to_bgr'))


def loaders(pipeline: list[dict]) -> list[object]:
    """The ``Load…`` transforms of a pipeline's config, built."""
    return [TRANSFORMS.build(step) for step in pipeline if getattr(
        step['type'], '__name__', step['type']).rpartition('.')[2].startswith(
            'Load')]


def _order(load: object) -> str | None:
    if isinstance(load, LoadImageFromFile):
        own = 'rgb' if load.imdecode_backend == 'tifffile' else 'bgr'
        return getattr(load, 'channel_order', own)
    return getattr(load, 'channel_order', None)


def as_rgb(pixels: np.ndarray, bgr: bool) -> Image.Image:
    """An RGB image of pixels as loaders leave them.

    Args:
        pixels: Grey, (H, W) or (H, W, 1), perhaps with alpha, (H, W, 2), or
            colours, (H, W, 3), perhaps with alpha, (H, W, 4); uint8, uint16
            or other numbers that are whole and at most 255. Alpha is dropped,
            and so are the lower bits of 16, as OpenCV does.
        bgr: Whether colours come as BGR.

    Raises:
        ValueError: they are none of these.
    """
    found = f'{pixels.shape} {pixels.dtype}'
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    if pixels.ndim != 3 or 0 in pixels.shape:
        raise ValueError(f'its pixels, {found}, are no image')
    if pixels.shape[2] > 4:
        raise ValueError(f'its pixels, {found}, have {pixels.shape[2]} '
                         'channels, and priors see three: let a loader of '
                         'your own keep three ("Your images" in '
                         'configs/README.md)')
    pixels = _eight_bits(pixels)
    if pixels.shape[2] < 3:
        pixels = pixels[..., :1].repeat(3, 2)
    pixels = pixels[..., 2::-1] if bgr else pixels[..., :3]
    return Image.fromarray(np.ascontiguousarray(pixels))


def _eight_bits(pixels: np.ndarray) -> np.ndarray:
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.uint16:
        return (pixels >> 8).astype(np.uint8)
    with np.errstate(invalid='ignore'):  # NaN
        exact = pixels.astype(np.uint8)
    if not (exact == pixels).all():
        raise ValueError(f'its pixels, {pixels.dtype} of {pixels.min()} to '
                         f'{pixels.max()}, are no whole numbers of 0 to 255: '
                         'load it as uint8, or convert the file')
    return exact
