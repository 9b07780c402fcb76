"""The weak views of RELA's stage, as large as the host's own."""
from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..resolve import pipelines

SIDES = ('scale', 'crop_size', 'input_size', 'size', 'height')  # of a crop


def weak_views(side: int, views: int = 1) -> list[dict]:
    """The pipeline of RELA's stage (paper, section 4.1).

    Args:
        side: Of the square views, in pixels.
        views: How many of each image.
    """
    transforms = [
        dict(type='RandomResizedCrop', scale=side,
             crop_ratio_range=(0.5, 1.0)),
        dict(type='RandomFlip', prob=0.5)]
    return [dict(type='MultiView', num_views=views, transforms=[transforms]),
            dict(type='PackInputs')]


def side_of(dataset: dict) -> int:
    """Side of the host's own views: of the first crop that has one.

    Or of the first ``Resize…``, where nothing crops what that leaves.
    """
    steps = [*_steps(next(filter(None, pipelines(dataset))))]
    for step in sorted(steps, key=_resizes):
        for key in SIDES:
            side = step.get(key)
            if isinstance(side, int):
                return side
            if isinstance(side, (list, tuple)) and all(
                    isinstance(part, int) for part in side):
                return side[0]
    return 224


def _resizes(step: dict) -> bool:
    kind = step.get('type', '')
    name = getattr(kind, '__name__', str(kind))
    return name.replace('/', '.').rpartition('.')[2].startswith('Resize')


def _steps(pipeline: Sequence) -> Iterator[dict]:
    for step in pipeline:
        if isinstance(step, dict):
            yield step
            yield from _steps(step.get('transforms', []))
        elif isinstance(step, (list, tuple)):
            yield from _steps(step)
