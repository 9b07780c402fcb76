"""Turns built CPU transforms into steps on batches."""
from __future__ import annotations

from collections.abc import Callable, Sequence

from mmcv.transforms import (
    BaseTransform,
    RandomApply,
    RandomFlip,
    RandomGrayscale,
)
from mmpretrain.datasets.transforms import (
    ColorJitter,
    GaussianBlur,
    RandomResizedCrop,
)
from mmpretrain.datasets.transforms import Solarize as Solarization

from ..datasets.transforms import NativeResizedCrop
from ..errors import UserError
from .steps.known import Blur, Crop, Flip, Grey, Jitter, Solarize
from .steps.step import Chance, Range, Series, Step

_AXES = dict(vertical=2, horizontal=3)


# Transforms that change colours, or may hold some that do.
COLOURS = (RandomApply, ColorJitter, RandomGrayscale, GaussianBlur,
           Solarization)


def compile_steps(transforms: Sequence[BaseTransform]) -> Series:
    """Counterparts of built CPU transforms, with their settings.

    Raises:
        UserError: names what has no batched version.
    """
    for kind in map(type, transforms):
        if kind not in _COMPILERS:
            raise UserError(
                f'{kind.__name__} has no batched version; there are '
                f'{", ".join(k.__name__ for k in _COMPILERS)}')
    return Series(tuple(_COMPILERS[type(transform)](transform)
                        for transform in transforms))


def _require(transform: BaseTransform, **settings: object) -> None:
    """Refuse settings that the batched version does not have."""
    for key, only in settings.items():
        if getattr(transform, key) != only:
            raise UserError(
                f'{type(transform).__name__} has a batched version for '
                f'{key}={only!r} alone')


def _crop(transform: RandomResizedCrop) -> Step:
    _require(transform, interpolation='bilinear', backend='cv2')
    native = isinstance(transform, NativeResizedCrop)
    return Crop(
        transform.crop_ratio_range, transform.aspect_ratio_range,
        transform.max_attempts, None if native else tuple(transform.scale))


def _flip(transform: RandomFlip) -> Step:
    if transform.direction != 'vertical':
        _require(transform, direction='horizontal')
    return Chance(transform.prob, Flip(_AXES[transform.direction]))


def _apply(transform: RandomApply) -> Step:
    return Chance(transform.prob,
                  compile_steps(transform.transforms.transforms))


def _jitter(transform: ColorJitter) -> Step:
    _require(transform, backend='pillow')
    return Jitter((transform.brightness, transform.contrast,
                   transform.saturation, transform.hue))


def _grey(transform: RandomGrayscale) -> Step:
    _require(transform, keep_channels=True)
    if transform.color_format != 'rgb':  # either is taken as it is
        _require(transform, color_format='bgr')
    return Chance(transform.prob, Grey(tuple(transform.channel_weights)))


def _solarize(transform: Solarization) -> Step:
    return Chance(transform.prob,
                  Solarize(_magnitudes(transform, transform.thr)))


def _blur(transform: GaussianBlur) -> Step:
    return Chance(transform.prob,
                  Blur(_magnitudes(transform, transform.radius)))


def _magnitudes(transform: Solarization | GaussianBlur,
                fixed: float | None) -> Range:
    """From where to where mmpretrain's magnitudes lie, evenly spread."""
    if fixed is not None:
        return fixed, fixed
    low, high = transform.magnitude_range
    high = low + (high - low) * (
        transform.magnitude_level / transform.total_level)
    if transform.magnitude_std != 'inf':
        _require(transform, magnitude_std=0.)
        return high, high
    return low, high


_COMPILERS: dict[type, Callable[..., Step]] = {
    NativeResizedCrop: _crop, RandomResizedCrop: _crop, RandomFlip: _flip,
    RandomApply: _apply, ColorJitter: _jitter, RandomGrayscale: _grey,
    Solarization: _solarize, GaussianBlur: _blur,
}
