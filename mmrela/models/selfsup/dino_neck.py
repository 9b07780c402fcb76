"""DINO's projection onto prototypes (arXiv:2104.14294, section 3.1)."""
from __future__ import annotations

import torch.nn.functional as F
from mmengine.model import BaseModule, Sequential
from mmpretrain.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class DINONeck(BaseModule):
    """MLP to a bottleneck, L2 norm, and cosines to prototypes.

    The last layer is the paper's weight-normalised one without bias, whose
    gains stay 1: only its rows' directions count. There is no batch norm.

    Args:
        in_channels: Width of the backbone's features.
        hid_channels: Width of the MLP's hidden layers.
        out_channels: Number of prototypes, K.
        bottleneck_channels: Width of the MLP's output.
        num_layers: Linear layers of the MLP, the bottleneck's included.
    """

    def __init__(self,
                 in_channels: int,
                 hid_channels: int = 2048,
                 out_channels: int = 65536,
                 bottleneck_channels: int = 256,
                 num_layers: int = 3,
                 init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        widths = [in_channels] + [hid_channels] * (num_layers - 1)
        layers = [layer for pair in zip(widths, widths[1:])
                  for layer in (nn.Linear(*pair), nn.GELU())]
        self.mlp = Sequential(
            *layers, nn.Linear(widths[-1], bottleneck_channels),
            init_cfg=dict(type='TruncNormal', layer='Linear', std=0.02))
        self.last_layer = nn.Linear(
            bottleneck_channels, out_channels, bias=False)

    def forward(self, x: tuple[Tensor, ...],
                freeze_last_layer: bool = False) -> tuple[Tensor]:
        """Logits, (N, K), within ±1.

        Args:
            x: What the backbone returns; the last is (N, C) or a map
                (N, C, H, W), which is averaged.
            freeze_last_layer: Leave the prototypes without gradients, so
                that no optimiser moves them, weight decay included.
        """
        features = x[-1]
        if features.ndim == 4:
            features = features.mean((2, 3))
        weight = self.last_layer.weight
        if freeze_last_layer:
            weight = weight.detach()
        return F.linear(F.normalize(self.mlp(features)),
                        F.normalize(weight)),
