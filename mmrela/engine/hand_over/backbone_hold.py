"""The host's heads alone, for its first steps."""
from __future__ import annotations

from torch import nn

from ...errors import UserError
from ...models.features import host_name


class BackboneHold:
    """Keeps the backbone as RELA left it while the host's heads warm up.

    Their first gradients come from random weights, and would undo a part of
    what the targets taught. A held backbone is in eval mode, its parameters
    have no gradients, and so no optimiser moves them.

    Args:
        steps: Optimiser steps of the host.

    Raises:
        UserError: ``steps`` is no whole number from 0 on.
    """

    def __init__(self, steps: int = 0) -> None:
        if not isinstance(steps, int) or steps < 0:
            raise UserError('default_hooks.rela.hold, the steps that the '
                            'backbone is held after the hand-over, must be a '
                            f'whole number from 0 on, got {steps!r}')
        self.steps = steps
        self._held: list[nn.Parameter] = []

    def require(self, model: nn.Module) -> None:
        """Refuse a host that has nothing but its backbone to train.

        Raises:
            UserError: it has no other parameters.
        """
        own = {*model.backbone.parameters(), *model.rela_head.parameters()}
        if self.steps and not any(p.requires_grad and p not in own
                                  for p in model.parameters()):
            raise UserError(
                f'default_hooks.rela.hold={self.steps}, but model.host='
                f'{host_name(model)} has no heads to train alone: remove hold')

    def enter(self, model: nn.Module, step: int | None) -> bool:
        """Hold or release before a batch; whether the backbone is held.

        Args:
            model: Without DDP's wrapper.
            step: Optimiser step of the host; ``None`` in RELA's stage, or
                without one.
        """
        held = step is not None and step < self.steps
        if held:
            model.backbone.eval()  # an epoch may just have begun
            if not self._held:
                self._held = [p for p in model.backbone.parameters()
                              if p.requires_grad]
                self._set(False)
        elif self._held:
            self._set(True)
            self._held = []
            model.backbone.train()
        return held

    def _set(self, trained: bool) -> None:
        for parameter in self._held:
            parameter.requires_grad_(trained)
