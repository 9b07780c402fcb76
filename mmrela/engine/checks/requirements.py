"""What a training must have for RELA, each with its cure."""
from __future__ import annotations

import math

from mmengine.model import MMDistributedDataParallel, is_model_wrapper
from mmengine.runner import Runner
from torch import nn

from ...errors import UserError
from ..scores.score_loop import require_scores
from .loading import require_batches, require_loader, require_loop


def require(runner: Runner, model: nn.Module) -> None:
    """Look at a runner before its first step.

    Args:
        runner: The runner; its loader, loop and model are built.
        model: Its model without DDP's wrapper.

    Raises:
        UserError: something lacks; names the key.
    """
    loader = runner.train_dataloader
    require_loader(loader)
    if not hasattr(model, 'rela_head'):
        raise UserError("AdaptiveLambdaHook needs model = dict(type='Rela', "
                        f"host='{type(model).__name__}', rela_head=…, …)")
    require_loop(runner)
    require_scores(runner)
    require_batches(loader.batch_sampler, model)
    if is_model_wrapper(runner.model):
        require_ddp(type(runner.model))
        _require_graph(runner.model, runner.optim_wrapper._accumulative_counts)


def require_trained(runner: Runner, model: nn.Module) -> None:
    """Refuse an optimiser that leaves W as it was drawn.

    Raises:
        UserError: names the constructor.
    """
    trained = {id(p) for group in runner.optim_wrapper.param_groups
               for p in group['params']}
    if not trained.issuperset(map(id, model.rela_head.parameters())):
        raise UserError(
            'the optimiser leaves out model.rela_head, whose map RELA '
            'trains with the backbone: let optim_wrapper.constructor pass '
            'on its parameters, too')


def require_ddp(wrapper: object) -> None:
    """Refuse what is no DDP of the whole model.

    Sharded (FSDP), idle parameters have gradients of zero, so that weight
    decay moves the host's heads in the RELA stage; DeepSpeed's engine hides
    when it steps.

    Args:
        wrapper: A class, or what a config has where there is none.

    Raises:
        UserError: names the wrapper.
    """
    if not (isinstance(wrapper, type)
            and issubclass(wrapper, MMDistributedDataParallel)):
        name = getattr(wrapper, '__name__', wrapper)
        raise UserError(
            f'RELA trains under DDP, not {name}: set '
            'model_wrapper_cfg.type=MMDistributedDataParallel')


def _require_graph(model: MMDistributedDataParallel, counts: int) -> None:
    """Refuse what breaks DDP, with or without RELA, but late with it.

    Checkpointing as mmpretrain does it (``use_reentrant=True``) goes back
    through a backbone once for each view, so that DDP sees its parameters
    again. Most hosts do so from the hand-over on, days into the run.
    """
    if getattr(model.module, 'freeze_last_layer', 0) and (
            model.static_graph or not model.find_unused_parameters):
        raise UserError(
            'model.freeze_last_layer leaves parameters out for a while: set '
            'find_unused_parameters=True, without static_graph')
    if model.static_graph:
        if counts > 1:  # an assertion fails in torch 2.14, at the first step
            raise UserError(
                'DDP cannot accumulate gradients under static_graph=True: '
                'set optim_wrapper.accumulative_counts=1, or static_graph='
                'False and no with_cp')
    elif any(getattr(module, 'with_cp', False) for module in model.modules()):
        raise UserError(
            'activation checkpointing (with_cp=True) on several ranks needs '
            "model_wrapper_cfg = dict(type='MMDistributedDataParallel', "
            'static_graph=True, broadcast_buffers=False)')


class FiniteLoss:
    """Stops a run whose loss is lost for good.

    A loss scaler of mixed precision passes over a few such steps.

    Args:
        patience: Optimiser steps in a row.
    """

    def __init__(self, patience: int = 50) -> None:
        self.patience = patience
        self._lost = 0

    def check(self, loss: float) -> None:
        """Take in the RELA loss of one optimiser step.

        Raises:
            UserError: it is the last step of the patience.
        """
        self._lost = 0 if math.isfinite(loss) else self._lost + 1
        if self._lost == self.patience:
            raise UserError(
                f'the RELA loss has been {loss} for {self.patience} optimiser '
                'steps in a row: lower optim_wrapper.optimizer.lr, or train '
                'without --amp')
