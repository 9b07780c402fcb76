"""Views whose crop decodes no more of a JPEG than it needs."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import takewhile

import cv2
import mmcv
import numpy as np
from mmcv.image.geometric import cv2_interp_codes, pillow_interp_codes
from mmcv.transforms import BaseTransform
from mmengine.dataset import Compose
from mmpretrain.datasets.transforms import MultiView, RandomResizedCrop
from PIL import Image

from ..errors import UserError
from .access import is_loading
from .formats import JPEG, LoadPicture, is_whole
from .undecoded import FLAGS, Undecoded, jpeg_shape


class LoadLate(LoadPicture):
    """Reads a JPEG, and leaves its decoding to the crop."""

    def transform(self, results: dict) -> dict | None:
        """Add ``img``, perhaps :class:`Undecoded`, and its shape."""
        content = self.content(results)
        shape = (jpeg_shape(content) if content.startswith(JPEG)
                 and is_whole(content) else None)
        if not (shape and all(shape)):
            return super().transform(results)
        results['img'] = Undecoded(content, results['img_path'], shape)
        results['img_shape'] = results['ori_shape'] = shape
        return results


class LateCrop(RandomResizedCrop):
    """mmpretrain's, of the same boxes, which decodes what it needs.

    A picture that was decoded whole gives the same view to the bit.
    """

    def transform(self, results: dict) -> dict:
        """Crop ``img``, an array or :class:`Undecoded`, and resize it."""
        picture = results['img']
        y, x, height, width = self.rand_crop_params(picture)
        size, factor = tuple(self.scale[::-1]), 1
        if isinstance(picture, Undecoded):
            picture, factor = picture.at_most(self._factor(height, width))
        if factor == 1:
            image = mmcv.imresize(
                picture[y:y + height, x:x + width], size,
                interpolation=self.interpolation, backend=self.backend)
        else:
            # The box's corners lie between the pixels of a smaller picture.
            box = np.array([x, y, width, height]) / factor
            resize = _by_pillow if self.backend == 'pillow' else _by_opencv
            image = resize(picture, box, size, self.interpolation)
        results['img'], results['img_shape'] = image, image.shape
        return results

    def _factor(self, height: int, width: int) -> int:
        """The largest that leaves a crop no smaller than its view."""
        if self.backend != 'pillow' and self.interpolation == 'area':
            return 1  # OpenCV has none of boxes with fractions
        room = min(height / self.scale[0], width / self.scale[1])
        return next((factor for factor in FLAGS if factor <= room), 1)


def _by_opencv(image: np.ndarray, box: np.ndarray, size: tuple[int, int],
               interpolation: str) -> np.ndarray:
    """A box (x, y, w, h) with fractions, resized to (w, h).

    Pixel centres come to lie where ``cv2.resize`` puts those of whole boxes.
    """
    scale = box[2:] / size
    shift = box[:2] + (scale - 1) / 2
    matrix = np.array([[scale[0], 0, shift[0]], [0, scale[1], shift[1]]])
    return cv2.warpAffine(
        image, matrix, size, borderMode=cv2.BORDER_REPLICATE,
        flags=cv2_interp_codes[interpolation] | cv2.WARP_INVERSE_MAP)


def _by_pillow(image: np.ndarray, box: np.ndarray, size: tuple[int, int],
               interpolation: str) -> np.ndarray:
    """The same as Pillow resizes."""
    return np.array(Image.fromarray(image).resize(
        size, pillow_interp_codes[interpolation],
        (*box[:2], *(box[:2] + box[2:]))))


class _DecodeNow(BaseTransform):
    """For views that begin with anything but a crop."""

    def transform(self, results: dict) -> dict:
        results['img'] = np.asarray(results['img'])
        return results


def _exchange(steps: list) -> Iterator[bool]:
    """Let a pipeline's views crop as they decode, where they begin so.

    Args:
        steps: Transforms, which are exchanged here.

    Yields:
        Whether a view does, view by view.
    """
    first = len([*takewhile(is_loading, steps)])
    for i, step in enumerate(steps[:first]):
        if type(step) is LoadPicture and step.decodes and not (
                step.to_float32 or step.ignore_empty):  # a crop is too late
            steps[i] = _as(LoadLate, step)
    step = steps[first] if first < len(steps) else None
    if type(step) is RandomResizedCrop:
        steps[first] = _as(LateCrop, step)
    elif isinstance(step, MultiView):
        for view in step.pipelines:
            yield from _exchange(view.transforms)
        return
    elif step is not None:
        steps.insert(first, _DecodeNow())
    yield type(step) is RandomResizedCrop


def _as(kind: type, step: BaseTransform) -> BaseTransform:
    """The same settings in another class."""
    other: BaseTransform = object.__new__(kind)
    vars(other).update(vars(step))
    return other


def crop_late(pipelines: Iterable[Compose]) -> None:
    """Exchange the transforms of a data set's pipelines.

    Raises:
        UserError: no view of them would gain by it.
    """
    pipelines = [*pipelines]
    found = [late for pipeline in pipelines
             for late in _exchange(pipeline.transforms)]
    loads = any(isinstance(step, LoadLate) for pipeline in pipelines
                for step in pipeline.transforms)
    if not (loads and any(found)):
        raise UserError(
            'train_dataloader.dataset.late_decoding is for views that begin '
            'with RandomResizedCrop, of files that LoadImageFromFile reads '
            'without ignore_empty: leave it out')
