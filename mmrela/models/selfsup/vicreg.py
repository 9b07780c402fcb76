"""VICReg: two views agree, while their batch varies and decorrelates."""
from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from mmengine.dist import get_world_size
from mmengine.model import BaseModule
from mmpretrain.models.selfsup import BaseSelfSupervisor
from mmpretrain.models.selfsup.simclr import GatherLayer
from mmpretrain.registry import MODELS
from torch import Tensor


@MODELS.register_module()
class VICReg(BaseSelfSupervisor):
    """VICReg (arXiv:2105.04906); the neck is the expander."""

    def loss(self, inputs: list[Tensor], data_samples: list,
             **kwargs) -> dict[str, Tensor]:
        """Losses of two views, each (N, C, H, W).

        Raises:
            ValueError: other than two views.
        """
        if len(inputs) != 2:
            raise ValueError(f'VICReg takes two views, not {len(inputs)}')
        x, y = (self.neck(self.backbone(view))[0] for view in inputs)  # NxD
        return self.head.loss(x, y)


@MODELS.register_module()
class VICRegHead(BaseModule):
    """The three terms, as in the paper's algorithm 1.

    It sums the views' variance terms, where Meta's code halves them.
    Variance and covariance are those of the batch of all ranks; with DDP's
    mean of gradients, ranks train as one process with the whole batch.

    Args:
        sim_coeff: Weight of the invariance term, λ in the paper.
        std_coeff: Weight of the variance term, μ.
        cov_coeff: Weight of the covariance term, ν.
        gamma: Standard deviation that each dimension should reach.
        eps: Added to variances.
    """

    def __init__(self,
                 sim_coeff: float = 25.,
                 std_coeff: float = 25.,
                 cov_coeff: float = 1.,
                 gamma: float = 1.,
                 eps: float = 1e-4,
                 init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        self.sim_coeff = sim_coeff
        self.std_coeff = std_coeff
        self.cov_coeff = cov_coeff
        self.gamma = gamma
        self.eps = eps

    def loss(self, x: Tensor, y: Tensor) -> dict[str, Tensor]:
        """Weighted terms of two views' embeddings, each (N, D).

        Returns:
            ``loss_sim`` of this rank; ``loss_std``, ``loss_cov`` of all.
        """
        # Half precision would overflow in the covariance matrix.
        with torch.autocast(x.device.type, enabled=False):
            x, y = x.float(), y.float()
            similarity = F.mse_loss(x, y)
            x, y = gather(x), gather(y)
            return dict(
                loss_sim=self.sim_coeff * similarity,
                loss_std=self.std_coeff * sum(
                    variance_loss(z, self.gamma, self.eps) for z in (x, y)),
                loss_cov=self.cov_coeff * sum(map(covariance_loss, (x, y))))


def variance_loss(z: Tensor, gamma: float, eps: float) -> Tensor:
    """Mean hinge on each dimension's standard deviation; ``z`` is (N, D).

    Source: equations 1 and 2.
    """
    return F.relu(gamma - (z.var(0) + eps).sqrt()).mean()


def covariance_loss(z: Tensor) -> Tensor:
    """Squared covariances between dimensions over D; ``z`` is (N, D).

    Source: equations 3 and 4.
    """
    covariance = torch.cov(z.T)
    return 2 * covariance.triu(1).square().sum() / z.shape[1]


def gather(z: Tensor) -> Tensor:
    """The batch of all ranks, (ranks x N, D), from each one's (N, D)."""
    return torch.cat(_FullGather.apply(z))


class _FullGather(GatherLayer):
    """Gathers for a loss that every rank computes alike.

    All ranks' losses have the same gradient, so this rank's times their
    number is the sum, which mmpretrain's layer leaves out.
    """

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        return get_world_size() * GatherLayer.backward(ctx, *grads)
