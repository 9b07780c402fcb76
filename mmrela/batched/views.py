"""Turns a config's pipeline of views into one for whole batches."""
from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from mmpretrain.datasets.transforms import MultiView, PackInputs
from torch import Tensor

from ..errors import UserError
from .compiler import compile_steps
from .keys import split
from .steps import run


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

    def __init__(self, transforms: Sequence[Callable], name: str) -> None:
        kinds = [type(transform) for transform in transforms]
        if kinds != [MultiView, PackInputs]:
            listed = ', '.join(kind.__name__ for kind in kinds)
            raise UserError(f'{name}: batched views are made by MultiView '
                            f'and PackInputs, not by {listed or "nothing"}: '
                            'set dataset.type=RelaTargetDataset')
        try:
            self._views = [compile_steps(pipeline.transforms)
                           for pipeline in transforms[0].transforms]
        except UserError as e:
            raise UserError(f'{name}: {e}') from e

    def __call__(self, images: Tensor, seeds: np.ndarray) -> list[Tensor]:
        """Views of each image, by its seed alone.

        Args:
            images: (N, C, H, W) uint8, on any device.
            seeds: (N,) uint64.
        """
        return [run(images, split(seeds, number), view)
                for number, view in enumerate(self._views)]
