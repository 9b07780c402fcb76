"""Turns built CPU transforms into steps on batches."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from mmcv.transforms import RandomApply, RandomFlip, RandomGrayscale
from mmpretrain.datasets.transforms import (
    ColorJitter,
    GaussianBlur,
    RandomResizedCrop,
    Solarize,
)

from ..datasets.transforms import NativeResizedCrop
from ..errors import UserError
from . import steps
from .steps import Range, Step

_AXES = dict(vertical=2, horizontal=3)


def compile_steps(transforms: Sequence[Callable]) -> list[Step]:
    """Counterparts of built CPU transforms, with their settings.

    Raises:
        UserError: names what has no batched version.
    """
    for kind in map(type, transforms):
        if kind not in _COMPILERS:
            raise UserError(
                f'{kind.__name__} has no batched version; there are '
                f'{", ".join(k.__name__ for k in _COMPILERS)}: use these or '
                'set dataset.type=RelaTargetDataset')
    return [_COMPILERS[type(transform)](transform)
            for transform in transforms]


def _require(transform: Callable, **settings: object) -> None:
    """Refuse settings that the batched version does not have."""
    for key, only in settings.items():
        if getattr(transform, key) != only:
            raise UserError(
                f'{type(transform).__name__} has a batched version for '
                f'{key}={only!r} alone: use that or set '
                'dataset.type=RelaTargetDataset')


def _some(transform: Callable, step: Step, **settings: object) -> Step:
    """A step that the transform takes with its probability."""
    return partial(steps.some, prob=transform.prob,
                   step=partial(step, **settings))


def _crop(transform: RandomResizedCrop) -> Step:
    _require(transform, interpolation='bilinear', backend='cv2')
    native = isinstance(transform, NativeResizedCrop)
    return partial(
        steps.crop, areas=transform.crop_ratio_range,
        aspects=transform.aspect_ratio_range, attempts=transform.max_attempts,
        size=None if native else tuple(transform.scale))


def _flip(transform: RandomFlip) -> Step:
    if transform.direction != 'vertical':
        _require(transform, direction='horizontal')
    return _some(transform, steps.flip, axis=_AXES[transform.direction])


def _apply(transform: RandomApply) -> Step:
    return _some(transform, steps.run,
                 steps=compile_steps(transform.transforms.transforms))


def _jitter(transform: ColorJitter) -> Step:
    _require(transform, backend='pillow')
    return partial(steps.jitter, ranges=(
        transform.brightness, transform.contrast, transform.saturation,
        transform.hue))


def _grey(transform: RandomGrayscale) -> Step:
    _require(transform, keep_channels=True)
    if transform.color_format != 'rgb':  # either is taken as it is
        _require(transform, color_format='bgr')
    return _some(transform, steps.grey, weights=transform.channel_weights)


def _solarize(transform: Solarize) -> Step:
    return _some(transform, steps.solarize,
                 thresholds=_magnitudes(transform, transform.thr))


def _blur(transform: GaussianBlur) -> Step:
    return _some(transform, steps.gaussian_blur,
                 radii=_magnitudes(transform, transform.radius))


def _magnitudes(transform: Solarize | GaussianBlur,
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
    Solarize: _solarize, GaussianBlur: _blur,
}
