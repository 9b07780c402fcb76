"""Turns a config's pipeline of views into one for whole batches."""
from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from mmcv.transforms import BaseTransform
from mmpretrain.datasets.transforms import MultiView, PackInputs
from torch import Tensor

from ..errors import UserError
from .compiler import compile_steps
from .program import Program, launches, pack
from .steps.keys import split
from .steps.known import Crop
from .steps.step import Draw, Series, Size


class ViewSteps:
    """The steps of each view of a batch; those of one size go together.

    Args:
        views: Of each view.
    """

    def __init__(self, views: Sequence[Series]) -> None:
        self.views = views

    def groups(self, sizes: Sequence[Size]) -> list[list[int]]:
        """Which views go together: they have one size all the way.

        Args:
            sizes: Of each view's images.
        """
        groups: dict[tuple, list[int]] = {}
        for number, (view, size) in enumerate(zip(self.views, sizes)):
            steps = [draw.step for draw in _nothing(view, size)]
            while steps and not isinstance(steps[-1], Crop):
                steps.pop()
            groups.setdefault((size, *steps), []).append(number)
        return [*groups.values()]

    def draw(self, seeds: np.ndarray, sizes: Sequence[Size],
             groups: Sequence[Sequence[int]]) -> Program:
        """What becomes of each image, by its seed alone.

        Args:
            seeds: (N,) uint64.
            sizes: Of each view's images.
            groups: See :meth:`groups`.
        """
        return pack([
            launches([[*self.views[number].draw(
                split(seeds, number), sizes[number])] for number in group],
                len(seeds)) for group in groups])


def in_order(groups: Sequence[Sequence[int]],
             images: Iterable[Tensor]) -> list[Tensor]:
    """Views by their numbers, of groups of them, one after the other."""
    views: dict[int, Tensor] = {}
    for group, together in zip(groups, images):
        views.update(zip(group, together.chunk(len(group))))
    return [views[number] for number in range(len(views))]


def _nothing(view: Series, size: Size) -> list[Draw]:
    """What a view draws for no image."""
    return [*view.draw(np.empty(0, np.uint64), size)]


class BatchedViews:
    """The views that a pipeline makes, of whole batches.

    Each transform's counterpart on batches takes its settings from the CPU
    transform itself: there is one config, and two ways to run it.

    Args:
        transforms: Built ones: a ``MultiView``, then ``PackInputs``.
        name: The pipeline's key in the config, for messages.

    Raises:
        UserError: names what has no batched version.
    """

    def __init__(self, transforms: Sequence[BaseTransform],
                 name: str) -> None:
        kinds = [type(transform) for transform in transforms]
        if kinds != [MultiView, PackInputs]:
            listed = ', '.join(kind.__name__ for kind in kinds)
            raise UserError(f'{name}: batched views are made by MultiView '
                            f'and PackInputs, not by {listed or "nothing"}: '
                            'set dataset.type=RelaTargetDataset')
        try:
            self._steps = ViewSteps([
                compile_steps(pipeline.transforms)
                for pipeline in transforms[0].transforms])
        except UserError as e:
            raise UserError(f'{name}: {e}: use these or set '
                            'dataset.type=RelaTargetDataset') from e

    def __call__(self, images: Tensor, seeds: np.ndarray) -> list[Tensor]:
        """Views of each image, by its seed alone.

        Args:
            images: (N, C, H, W) uint8, on any device.
            seeds: (N,) uint64.
        """
        height, width = images.shape[2:]
        sizes = [(height, width)] * len(self._steps.views)
        groups = self._steps.groups(sizes)
        program = self._steps.draw(seeds, sizes, groups).to(images.device)
        return in_order(groups, (
            program.run(number, images.repeat(len(group), 1, 1, 1))
            for number, group in enumerate(groups)))
