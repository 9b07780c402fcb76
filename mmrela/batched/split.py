"""What of a data set's pipelines is left to the device."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from mmpretrain.datasets.transforms import MultiView, PackInputs
from torch.utils.data import Dataset

from ..datasets.host import parts
from ..datasets.rela_target import RelaTargetDataset
from ..errors import UserError
from .compiler import COLOURS, compile_steps
from .device_dataset import DeviceRelaTargetDataset
from .views import ViewSteps

DATASET = 'train_dataloader.dataset'
CURE = 'or train without DeviceColoursHook'


class Stamp:
    """The end of a pipeline: says what is left to do, and gives a seed.

    The seed is drawn after the crops, from numpy as they are: it is the
    sample's own where :class:`~mmrela.RelaSampler` stamped one.
    """

    def __init__(self, steps: ViewSteps) -> None:
        self.steps = steps

    def __call__(self, results: dict) -> dict:
        """Add ``left``: the steps, and the seed."""
        seed = np.random.randint(2**63 - 1, dtype=np.int64)
        return dict(results, left=(self.steps, seed))


def leave_colours(dataset: Dataset) -> None:
    """Let each view's pipeline end before its first change of colours.

    Args:
        dataset: One of mmpretrain's, a wrapper of some, or RELA's; its
            pipelines are changed.

    Raises:
        UserError: no view changes colours; what follows its first change has
            no batched version; parts of the data set differ.
    """
    if isinstance(dataset, DeviceRelaTargetDataset):
        raise UserError(f'{DATASET}.type=DeviceRelaTargetDataset makes all '
                        'of its views on the device: remove '
                        'DeviceColoursHook')
    rela = isinstance(dataset, RelaTargetDataset)
    found = [split_pipeline(
        part.pipeline.transforms, f'{DATASET}.pipeline')
        for part in parts(dataset.dataset if rela else dataset)]
    if len({repr(steps.views) for steps in found}) > 1:
        raise UserError(f'{DATASET}: its parts change colours in different '
                        f'ways: give them one pipeline, {CURE}')
    if not any(view.steps for view in found[0].views):
        raise UserError(f'{DATASET}.pipeline: no view changes colours, so '
                        'there is nothing to leave to the device: remove '
                        'DeviceColoursHook')
    if rela:
        split_pipeline(dataset.rela_pipeline.transforms,
                       f'{DATASET}.rela_pipeline')


def split_pipeline(transforms: list[Callable], key: str) -> ViewSteps:
    """What is left of a pipeline, which ends before that from now on.

    Raises:
        UserError: as :func:`leave_colours`, of this pipeline.
    """
    if transforms and isinstance(transforms[-1], Stamp):
        return transforms[-1].steps
    padded: list[Any] = [None, None, *transforms]
    *loading, views, packing = padded
    if (type(views), type(packing)) != (MultiView, PackInputs) or any(
            isinstance(transform, COLOURS) for transform in loading):
        names = ', '.join(type(t).__name__ for t in transforms)
        raise UserError(
            f'{key}: colours can be left to the device where MultiView and '
            f'PackInputs make all views, not in {names or "nothing"}: put '
            f'what changes colours into MultiView, {CURE}')
    kept = [pipeline.transforms[:_before_colours(pipeline.transforms)]
            for pipeline in views.pipelines]
    try:
        steps = ViewSteps([
            compile_steps(pipeline.transforms[_before_colours(
                pipeline.transforms):]) for pipeline in views.transforms])
    except UserError as e:
        raise UserError(f'{key}, from its first change of colours on: {e}: '
                        f'use these or move it before, {CURE}') from e
    transforms[-2:] = MultiView(kept, views.num_views), packing, Stamp(steps)
    return steps


def _before_colours(transforms: Sequence[Callable]) -> int:
    """How many come before the first change of colours."""
    return next((number for number, transform in enumerate(transforms)
                 if isinstance(transform, COLOURS)), len(transforms))
