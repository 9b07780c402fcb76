"""Defects of the stack below, each once: symptom, reference, guard."""
from __future__ import annotations

import torch
from mmengine.model import BaseAveragedModel, BaseDataPreprocessor
from mmengine.optim import OptimWrapper
from torch import nn


def keep_eager(model: nn.Module, optim_wrapper: OptimWrapper) -> None:
    """Keep dynamo from what is new at each step, where a config compiles.

    mmengine 0.10.7 compiles all of ``train_step``, for which dynamo guards
    the batch's file names and indices, the momentum of an average and the
    learning rate. Each step then is a new program, until after eight of
    them (``recompile_limit``) the whole step runs uncompiled. Forward and
    backward pass stay compiled. These objects alone are changed.
    """
    _disable(optim_wrapper, 'update_params')
    for module in model.modules():
        if isinstance(module, BaseDataPreprocessor):
            _disable(module, 'cast_data')
        elif isinstance(module, BaseAveragedModel):
            _disable(module, 'update_parameters')


def _disable(owner: object, method: str) -> None:
    setattr(owner, method, torch.compiler.disable(getattr(owner, method)))
