"""One vector an image, whatever a backbone returns."""
from __future__ import annotations

from collections.abc import Sequence

from mmpretrain.models.backbones import EfficientFormer, MlpMixer
from torch import Tensor, nn

CHANNELS_FIRST = EfficientFormer, MlpMixer  # whose tokens are (N, C, L)


def pool_features(features: Tensor | Sequence[Tensor],
                  backbone: nn.Module | None = None) -> Tensor:
    """Turn what a backbone returns into one vector per image.

    Args:
        features: (N, C), a map (N, C, H, W), tokens (N, L, C), or a
            sequence of these, of which the last counts.
        backbone: What gives them, if that may be one whose tokens are
            (N, C, L).

    Returns:
        (N, C): the mean over positions or tokens.
    """
    while not isinstance(features, Tensor):
        features = features[-1]
    if features.ndim == 4:
        return features.mean((2, 3))
    if features.ndim == 3:
        return features.mean(2 if isinstance(backbone, CHANNELS_FIRST) else 1)
    return features.flatten(1)
