"""RELA on any self-supervised algorithm, or classifier, of mmpretrain."""
from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, SupportsIndex

import numpy as np
import torch
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper
from mmpretrain.registry import MODELS
from torch import Tensor

from ..errors import UserError
from ..resolve import resolve
from ..rng import undisturbed
from ..spelling import meant
from .feature_width import feature_width
from .features import features_of
from .hosts import SAID, is_host
from .stage import is_rela, staged


@MODELS.register_module()
def Rela(host: str | type, rela_head: dict,
         **kwargs) -> BaseModel:
    """Build ``host`` with RELA's loss beside its own.

    The result is an instance of a subclass of the host: its parameters
    keep their names, hooks that look for the host's attributes find them,
    and ``rela_head`` is the only addition.

    Args:
        host: A :class:`BaseSelfSupervisor`, or its registry name.
        rela_head: Config of :class:`RelaHead`; ``in_channels`` defaults
            to that of the host's neck, else to what the features have.
        **kwargs: The host's own arguments.

    Raises:
        UserError: the host is unknown, of another kind, or gives no
            features; see :func:`.features.features_of`.
    """
    host_class = resolve(host, MODELS)
    if host_class is None:
        near = meant(str(host), [*MODELS.module_dict])
        raise UserError(f'model.host: {host!r} is no registered model{near}; '
                        'name one such as BYOL, or import yours by '
                        'custom_imports')
    if not is_host(host_class):
        raise UserError(f'model.host: {host!r} is no self-supervised '
                        f'algorithm or classifier ({SAID})')
    rela_head = dict(rela_head)
    if rela_head.get('in_channels') is None:
        neck = kwargs.get('neck') or {}
        rela_head['in_channels'] = neck.get('in_channels')
    preprocessor = staged(kwargs.get('data_preprocessor'), host_class)
    if preprocessor is not None:
        kwargs['data_preprocessor'] = preprocessor
    return rela_class(host_class)(rela_head=rela_head, **kwargs)


@functools.cache
def rela_class(host: type[BaseModel]) -> type[BaseModel]:
    """The subclass of ``host`` that :func:`Rela` builds."""
    name = f'Rela{host.__name__}'
    return type(name, (_RelaMixin, host), dict(
        __module__=__name__, __qualname__=name, _host=host,
        rela_features=features_of(host)))


def _blank(host: type) -> BaseModel:
    """An instance for unpickling to fill."""
    kind: Any = rela_class(host)
    return kind.__new__(kind)


class _RelaMixin(BaseModel):
    """Serves batches that carry targets; the host serves all others."""

    _host: type[BaseModel]
    rela_features: Callable[[Tensor], Tensor]

    def __init__(self, rela_head: dict, **kwargs) -> None:
        super().__init__(**kwargs)
        if rela_head.get('in_channels') is None:
            rela_head = dict(rela_head, in_channels=feature_width(self))
        # The host's own initial weights must not depend on the head's.
        with undisturbed():
            self.rela_head = MODELS.build(rela_head)

    def init_weights(self) -> None:
        """Initialise the host as if it were alone, then the head."""
        if isinstance(self.init_cfg, dict) and (
                self.init_cfg['type'] == 'Pretrained'):  # RELA's, it may be
            return super().init_weights()
        head = self._modules.pop('rela_head')
        super().init_weights()
        self.rela_head = head
        with undisturbed():
            head.init_weights()

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple:
        # The class stands in no module: it is made again from the host.
        _, _, *state = super().__reduce_ex__(protocol)
        return _blank, (self._host, ), *state

    def train_step(self, data: dict,
                   optim_wrapper: OptimWrapper) -> dict[str, Tensor]:
        """One step; a host's own way to it is for its own batches."""
        if is_rela(data.get('data_samples')):
            return BaseModel.train_step(self, data, optim_wrapper)
        return super().train_step(data, optim_wrapper)

    def forward(self, *args, **kwargs) -> Any:
        """As ``train_step``, for a host's own way to its losses."""
        if kwargs.get('mode') == 'loss' and is_rela(
                kwargs.get('data_samples')):
            return self.loss(kwargs['inputs'], kwargs['data_samples'])
        return super().forward(*args, **kwargs)

    def loss(self, inputs: list[Tensor] | Tensor, data_samples: list,
             **kwargs) -> dict[str, Tensor]:
        """Loss of one batch, of the stage that the batch itself is in.

        Args:
            inputs: Views, each (N, C, H, W); one may come as a tensor.
            data_samples: N samples; those of the RELA stage hold a
                ``rela_target``, (k,) float32, an array or a tensor.

        Returns:
            ``rela_loss``, averaged over the views, or the host's losses.
        """
        if not is_rela(data_samples):
            return super().loss(inputs, data_samples, **kwargs)
        views = [inputs] if isinstance(inputs, Tensor) else inputs
        target = _stack([s.rela_target for s in data_samples],
                        views[0].device)
        losses = [self.rela_head.loss(self.rela_features(view), target)
                  for view in views]
        return dict(rela_loss=sum(losses) / len(losses))


def _stack(targets: list[np.ndarray] | list[Tensor],
           device: torch.device) -> Tensor:
    """(N, k) on the device, by one copy if they are not there already."""
    if isinstance(targets[0], Tensor):
        return torch.stack(targets)
    return torch.from_numpy(np.stack(targets)).to(device)
