"""DDP that knows the parameters of one stage alone."""
from __future__ import annotations

import gc

from mmengine.runner import Runner
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from ...models.eval_mode import eval_mode
from ...models.stage import is_rela


class StageDDP:
    """Freezes what a stage leaves out, and wraps the model in DDP anew.

    DDP waits for a gradient of each parameter that it knows, at every step
    (under ``static_graph`` by the same graph), but the host's heads idle
    in the RELA stage, as ``rela_head`` does in the host's. Gradients of
    zero in their place would let weight decay and momentum move them;
    frozen parameters have none, and are not sent either.

    Args:
        keep: Whether stages come again, and their wraps are kept: each has
            buckets as large as its gradients.
    """

    def __init__(self, keep: bool = False) -> None:
        self._keep = keep
        self._stage: tuple[bool, bool] | None = None
        self._frozen: list[nn.Parameter] = []
        self._wraps: dict[tuple[bool, bool], tuple[
            DistributedDataParallel, list[nn.Parameter]]] = {}

    def enter(self, runner: Runner, batch: dict,
              held: bool = False) -> None:
        """Prepare for a batch, at a boundary between optimiser steps.

        Args:
            runner: Without a model in DDP, it stays what it is.
            batch: What the loader returned.
            held: Whether the host's backbone is, see :class:`BackboneHold`.
        """
        stage = is_rela(batch.get('data_samples')), held
        if stage == self._stage or not isinstance(
                runner.model, DistributedDataParallel):
            return
        self._stage, model = stage, runner.model.module
        for parameter in self._frozen:
            parameter.requires_grad_(True)
        wrap, idle = self._wraps.get(stage) or (None, (
            _without_gradient(model, batch) if stage[0]
            else [*model.rela_head.parameters()]))
        # A host may have frozen some of them meanwhile, once and for all.
        self._frozen = [p for p in idle if p.requires_grad]
        for parameter in self._frozen:
            parameter.requires_grad_(False)
        if wrap is not None:
            runner.model = wrap
            return
        runner.model = runner.wrap_model(
            runner.cfg.get('model_wrapper_cfg'), model)
        if self._keep:
            self._wraps[stage] = runner.model, idle
        if runner.cfg.get('compile'):  # what is compiled refers to itself
            gc.collect()  # else the old buckets of gradients stay
        runner._maybe_compile('train_step')


def _without_gradient(model: nn.Module, batch: dict) -> list[nn.Parameter]:
    """Parameters that the RELA loss does not depend on.

    Two images go forth and back, since a backbone may have parameters that
    RELA's features leave out, and checkpointed activations hide theirs
    from a walk of the graph.
    """
    model.zero_grad()
    with eval_mode(model):
        inputs = model.data_preprocessor(batch, False)['inputs']
        view = inputs if isinstance(inputs, Tensor) else inputs[0]
        model.rela_head(model.rela_features(view[:2])).sum().backward()
    idle = [p for p in model.parameters() if p.grad is None]
    model.zero_grad()
    return idle
