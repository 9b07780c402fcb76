"""The map W from the backbone's features to the targets (paper, eq. 9)."""
from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from mmengine.model import BaseModule
from mmpretrain.registry import MODELS
from torch import Tensor, nn


def pool_features(features: Tensor | Sequence[Tensor]) -> Tensor:
    """Turn what a backbone returns into one vector per image.

    Args:
        features: (N, C), a map (N, C, H, W), tokens (N, L, C), or a
            sequence of these, of which the last counts.

    Returns:
        (N, C): the mean over positions or tokens.
    """
    while not isinstance(features, Tensor):
        features = features[-1]
    if features.ndim == 4:
        return features.mean((2, 3))
    if features.ndim == 3:
        return features.mean(1)
    return features.flatten(1)


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
