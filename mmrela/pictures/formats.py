"""Any picture that Pillow reads, in the order of channels that mmcv has."""
from __future__ import annotations

from io import BytesIO

import mmcv
import numpy as np
from mmcv.transforms import BaseTransform, LoadImageFromFile
from mmengine import fileio
from mmpretrain.registry import TRANSFORMS
from PIL import Image, ImageOps

JPEG = b'\xff\xd8'
# How the files begin whose every mode OpenCV reads as Pillow does, or better:
# JPEG, PNG, BMP and the older PNM. It premultiplies transparent TIFFs.
OPENCV = (JPEG, b'\x89PNG', b'BM', *(b'P%d' % i for i in range(1, 7)))
# Pillow has names for these files, but cannot decode them by itself.
NAMES_ALONE = {'BUFR', 'EPS', 'GRIB', 'HDF5', 'MPEG', 'WMF'}


def extensions() -> tuple[str, ...]:
    """How the names of readable files end, as ``.webp``, sorted.

    Plug-ins that are registered with Pillow count.
    """
    kinds = Image.registered_extensions()  # which fills Image.OPEN
    readable = {'MPO', *Image.OPEN} - NAMES_ALONE
    return tuple(sorted(
        suffix for suffix, kind in kinds.items() if kind in readable))


def decode(content: bytes) -> np.ndarray:
    """A picture file's first picture, upright, (H, W, 3) uint8 BGR.

    Transparency is dropped, and of 16 bits the upper 8 are kept.

    Raises:
        OSError: it is none, or truncated.
        ValueError: its levels have no fixed range.
    """
    if content.startswith(OPENCV) and is_whole(content):
        image = mmcv.imfrombytes(content, backend='cv2')
        if image is not None and image.dtype == np.uint8:
            return image
    return _decode_by_pillow(content)


def is_whole(content: bytes) -> bool:
    """OpenCV before 5 fills what a truncated JPEG lacks with grey."""
    return not content.startswith(JPEG) or content.endswith(b'\xff\xd9')


def _decode_by_pillow(content: bytes) -> np.ndarray:
    with Image.open(BytesIO(content)) as image:
        return to_bgr(image)


def to_bgr(image: Image.Image) -> np.ndarray:
    """A picture of Pillow's, upright, (H, W, 3) uint8.

    Raises:
        ValueError: its levels have no fixed range.
    """
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith('I;16'):
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in ('I', 'F'):
        raise ValueError(f'nothing says what is white in mode '
                         f'{image.mode}; save it with 8 or 16 bits')
    return np.ascontiguousarray(np.asarray(image.convert('RGB'))[..., ::-1])


@TRANSFORMS.register_module()
class LoadPicture(LoadImageFromFile):
    """mmcv's ``LoadImageFromFile``, for every format that Pillow reads.

    What mmcv reads comes out the same, to the bit. It takes the place of
    mmcv's own in the pipeline of a host's data set; see
    :func:`~mmrela.datasets.host.build_host`.
    """

    @property
    def decodes(self) -> bool:
        """Whether by :func:`decode`; else mmcv does, as it was told."""
        return not self.file_client_args and self.color_type == 'color' and (
            self.imdecode_backend in ('cv2', None))

    def content(self, results: dict) -> bytes:
        """Of the file at ``img_path``.

        Raises:
            OSError: it is not there; an LMDB's silence says so, too.
        """
        content = fileio.get(
            results['img_path'], backend_args=self.backend_args)
        if content is None:
            raise FileNotFoundError(f'not in {self.backend_args}')
        return content

    def transform(self, results: dict) -> dict | None:
        """Add ``img``, as read from ``img_path``, and its shape.

        ``None`` stands for what cannot be read, under ``ignore_empty``.
        """
        if not self.decodes:
            return super().transform(results)
        try:
            image = decode(self.content(results))
        except Exception:
            if self.ignore_empty:
                return None
            raise
        results['img'] = image.astype(np.float32) if self.to_float32 else image
        results['img_shape'] = results['ori_shape'] = image.shape[:2]
        return results


@TRANSFORMS.register_module()
class LoadChannels(BaseTransform):
    """The end of loading: grey pictures of one channel get three.

    Args:
        keep_grey: For networks of one channel.
    """

    def __init__(self, keep_grey: bool = False) -> None:
        self.keep_grey = keep_grey

    def transform(self, results: dict) -> dict:
        """Make of ``img``, (H, W) or (H, W, 1), one of (H, W, 3)."""
        image = results.get('img')
        if not (self.keep_grey or image is None) and (
                image.ndim == 2 or image.shape[2] == 1):
            results['img'] = np.repeat(
                image.reshape(*image.shape[:2], 1), 3, 2)
        return results
