"""Weights as convolutions on tensor cores like them best."""
from __future__ import annotations

import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner
from torch.nn.parallel import DistributedDataParallel


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Trains in ``torch.channels_last``; activations follow the weights.

    Initial weights are those of the seed, drawn in the usual layout. A run
    may take this up when it resumes: what the optimiser remembers of each
    weight is laid out as the weight is, as fused optimisers need it.
    """

    def before_run(self, runner: Runner) -> None:
        """Wrap anew: DDP's buckets keep the layout that DDP first saw."""
        if isinstance(runner.model, DistributedDataParallel):
            module = runner.model.module
            module.to(memory_format=torch.channels_last)
            runner.model = runner.wrap_model(
                runner.cfg.get('model_wrapper_cfg'), module)
            module.to(memory_format=torch.contiguous_format)

    def before_train(self, runner: Runner) -> None:
        runner.model.to(memory_format=torch.channels_last)
        for state in runner.optim_wrapper.optimizer.state.values():
            for name, value in state.items():
                if torch.is_tensor(value) and value.ndim == 4:
                    state[name] = value.to(memory_format=torch.channels_last)
