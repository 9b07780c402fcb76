"""What backbones make of whole images, whatever they hide in training."""
from __future__ import annotations

import inspect
from collections.abc import Sequence

import torch
from mmpretrain.models.backbones import (
    SparseConvNeXt,
    SparseResNet,
    VisionTransformer,
)
from mmpretrain.models.selfsup.mff import MFFViT
from mmpretrain.models.utils.sparse_modules import SparseHelper
from torch import Tensor, nn

HIDING = ('mask', 'importance')  # arguments that hide, unless they are None


def unmasked(backbone: nn.Module, images: Tensor) -> Tensor | Sequence[Tensor]:
    """Call a backbone so that it sees all of its images.

    Args:
        backbone: Of mmpretrain, those of masked-image methods included.
        images: (N, C, H, W).

    Returns:
        What it gives in a classifier, for :func:`.pooling.pool_features`.
    """
    for kind in type(backbone).__mro__:
        if kind in _OTHERWISE:
            return _OTHERWISE[kind](backbone, images)
    takes = inspect.signature(backbone.forward).parameters
    return backbone(images, **{name: None for name in HIDING if name in takes})


def _dense(backbone: nn.Module, images: Tensor) -> Sequence[Tensor]:
    """SparK's layers look up in a global which positions are shown.

    One for each image stands for any resolution. It stays, as SparK leaves
    its own: checkpointed activations ask for it again on their way back.
    """
    SparseHelper._cur_active = torch.ones(
        len(images), 1, 1, 1, dtype=torch.bool, device=images.device)
    return backbone(images)


_OTHERWISE = {
    # Its own `mask=None` still hides three quarters (mmpretrain 1.2.0).
    MFFViT: VisionTransformer.forward,
    SparseResNet: _dense,
    SparseConvNeXt: _dense,
}
