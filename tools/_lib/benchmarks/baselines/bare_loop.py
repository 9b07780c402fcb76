"""RELA's regression as a plain PyTorch loop, to measure ours by."""
from __future__ import annotations

from copy import deepcopy

import torch
import torch.nn.functional as F
from mmengine.config import Config, ConfigDict
from mmengine.optim import AmpOptimWrapper, OptimWrapper, build_optim_wrapper
from mmpretrain.models.selfsup import BaseSelfSupervisor
from torch import Tensor, nn

from mmrela.models.pooling import pool_features

DEVICE = 'cuda' if torch.cuda.is_available() else 'cpu'


class BareLoop:
    """The same regression as a user of PyTorch alone would write it.

    Args:
        cfg: For the optimiser.
        model: Whose backbone and linear map are copied.
    """

    def __init__(self, cfg: Config, model: BaseSelfSupervisor) -> None:
        self.net = deepcopy(nn.ModuleDict(dict(
            backbone=model.backbone, fc=model.rela_head.fc)))
        wrapper = optimizer_of(cfg, self.net)
        self.optimizer = wrapper.optimizer
        self.amp = isinstance(wrapper, AmpOptimWrapper)
        self.dtype = getattr(wrapper, 'cast_dtype', None)
        self.scaler = getattr(wrapper, 'loss_scaler',
                              torch.amp.GradScaler(enabled=False))
        given = model.data_preprocessor
        self.mean, self.std = given.mean.clone(), given.std.clone()
        self.flip = given._channel_conversion

    def step(self, views: list[Tensor], target: Tensor) -> None:
        """Views (N, C, H, W) uint8, ``target`` (N, k) float32."""
        target = target.to(DEVICE, non_blocking=True)
        with torch.autocast(DEVICE, self.dtype, self.amp):
            losses = [self._loss(view, target) for view in views]
            loss = sum(losses) / len(losses)
        self.optimizer.zero_grad()
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()

    def _loss(self, view: Tensor, target: Tensor) -> Tensor:
        x = view.to(DEVICE, non_blocking=True)
        x = (x.flip(1) if self.flip else x).float()
        x = self.net.backbone((x - self.mean) / self.std)
        x = self.net.fc(pool_features(x))
        return (1 - F.cosine_similarity(x, target)).mean()


def optimizer_of(cfg: Config, model: nn.Module) -> OptimWrapper:
    """The config's ``OptimWrapper``; every call is a step of it."""
    wrapper = ConfigDict(deepcopy(cfg.optim_wrapper), accumulative_counts=1)
    return build_optim_wrapper(model, wrapper)
