"""The map W from the backbone's features to the targets (paper, eq. 9)."""
from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from mmengine.model import BaseModule
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from .pooling import pool_features


def cosine_loss(prediction: Tensor, target: Tensor) -> Tensor:
    """Mean of 1 − cos over the batch (paper, below eq. 9); both (N, k)."""
    cosine = F.cosine_similarity(prediction.float(), target.float())
    return (1 - cosine).mean()


@MODELS.register_module()
class RelaHead(BaseModule):
    """Linear map trained with the backbone, and the cosine loss.

    Args:
        in_channels: Width of the pooled features, n.
        out_channels: Width of the targets, k; defaults to n.
        init_cfg: Initialisation, as mmengine's ``BaseModule`` takes it;
            ``None`` leaves the weights that PyTorch draws.
    """

    def __init__(self,
                 in_channels: int,
                 out_channels: int | None = None,
                 init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        self.out_channels = out_channels or in_channels
        self.fc = nn.Linear(in_channels, self.out_channels)

    def forward(self, features: Tensor | Sequence[Tensor]) -> Tensor:
        """Predict targets, (N, k), from what the backbone returned."""
        return self.fc(pool_features(features))

    def loss(self, features: Tensor | Sequence[Tensor],
             target: Tensor) -> Tensor:
        """RELA loss of one view; ``target`` is (N, k)."""
        return cosine_loss(self(features), target)
