"""The small network of data-set distillation."""
from __future__ import annotations

from mmpretrain.models.backbones.base_backbone import BaseBackbone
from mmpretrain.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class ConvNet(BaseBackbone):
    """Blocks of 3 x 3 convolution, instance norm, ReLU and 2 x 2 mean.

    ConvNet-3 and ConvNet-4 of the paper's table 5 (Gidaris & Komodakis,
    arXiv:1804.09458, as data-set distillation has it since
    arXiv:2006.05929). Its features are the last map, flattened: a
    classifier needs no neck, and images of one size.

    Args:
        depth: Number of blocks, each of which halves the sides.
        width: Channels of each block.
        in_channels: Of the images.
        img_size: Their sides, in pixels, for whoever asks how many features
            there are.
        init_cfg: As mmengine's ``BaseModule`` takes it; ``None`` leaves the
            weights that PyTorch draws.
    """

    def __init__(self,
                 depth: int = 3,
                 width: int = 128,
                 in_channels: int = 3,
                 img_size: int = 32,
                 init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        self.img_size = img_size
        widths = [in_channels] + [width] * depth
        self.blocks = nn.Sequential(*(
            _block(*pair) for pair in zip(widths, widths[1:])))

    def forward(self, x: Tensor) -> tuple[Tensor]:
        """(N, C, H, W) to ``width`` times H/2^depth times W/2^depth each."""
        return self.blocks(x).flatten(1),


def _block(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1),
        nn.GroupNorm(outputs, outputs),  # one group a channel: instance norm
        nn.ReLU(inplace=True), nn.AvgPool2d(2))
