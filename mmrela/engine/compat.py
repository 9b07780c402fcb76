"""Defects of the stack below, each once: symptom, reference, guard."""
from __future__ import annotations

import mmcv
import numpy as np
import torch
from mmengine.model import (
    BaseAveragedModel,
    BaseDataPreprocessor,
)
from mmengine.optim import OptimWrapper


def patch() -> None:
    """Mend what stops training at any point; called at import."""
    _patch_adjust_hue()


class _WrappedHue(float):
    """A hue shift whose scaled value fits an unsigned byte."""

    def __mul__(self, scale: int) -> int:
        return int(float(self) * scale) % 256


def _patch_adjust_hue() -> None:
    """mmcv 2.2.0, numpy >= 2: ``np.uint8(-12.75)`` raises OverflowError.

    `mmcv/image/photometric.py` casts ``hue_factor * 255`` and relies on
    the wrap-around that numpy 2 took away, so ColorJitter dies on the
    first negative hue.
    """
    original = mmcv.adjust_hue
    try:
        original(np.zeros((1, 1, 3), np.uint8), -0.1)
    except OverflowError:
        mmcv.adjust_hue = lambda img, hue_factor, backend=None: original(
            img, _WrappedHue(hue_factor), backend=backend)


def keep_eager() -> None:
    """Keep dynamo from what is new at each step, where a config compiles.

    mmengine 0.10.7 compiles all of ``train_step``, for which dynamo guards
    the batch's file names and indices, the momentum of an average and the
    learning rate. Each step then is a new program, until after eight of
    them (``recompile_limit``) the whole step runs uncompiled. Forward and
    backward pass stay compiled.
    """
    for owner, name in ((BaseDataPreprocessor, 'cast_data'),
                        (BaseAveragedModel, 'update_parameters'),
                        (OptimWrapper, 'update_params')):
        setattr(owner, name, torch.compiler.disable(getattr(owner, name)))
