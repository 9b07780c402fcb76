"""Defects of the stack below, each once: symptom, reference, guard."""
from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from mmengine.model import BaseAveragedModel, BaseDataPreprocessor
from mmengine.optim import OptimWrapper
from torch import nn


def count_once(model: nn.Module) -> None:
    """Let averages of weights read their count of steps once a step.

    mmengine 0.10.7 keeps it on the device, where mmpretrain 1.2.0's
    ``CosineEMA`` reads it for each parameter, and each time waits for all
    that the device was asked for: 65 times a step for a ResNet-18. On an
    H100 a step of BYOL on views of 32 pixels took 65 ms so, and 45 ms with
    the count on the CPU. The momentum is the same.
    """
    for module in model.modules():
        if isinstance(module, BaseAveragedModel):
            module.update_parameters = partial(
                _update, module, module.update_parameters)


def _update(average: BaseAveragedModel, update: Callable[[nn.Module], None],
            model: nn.Module) -> None:
    """One update, for which the count of steps is on the CPU."""
    count = average.steps
    average.steps = count.cpu()
    update(model)
    average.steps = count.copy_(average.steps)


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
