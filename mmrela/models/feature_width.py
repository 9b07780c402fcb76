"""How wide a host's features are, where its neck does not tell."""
from __future__ import annotations

import torch
from mmengine.model import BaseModel
from mmpretrain.structures import DataSample
from torch import Tensor

from ..errors import UserError, said
from .features import checked_features, refused


def feature_width(model: BaseModel) -> int:
    """Width of the features of a host that was just built.

    A black image goes the way of RELA's stage: through the preprocessor and
    ``rela_features``. Its side is the backbone's ``img_size``, or 224.

    Args:
        model: The host; its weights, modes and random states stay as they
            are.

    Raises:
        UserError: that gives no finite (1, d) features, or others each time.
    """
    try:
        return checked_features(model, [_black(model)])
    except UserError as e:
        raise UserError(
            f'{e}; this was a black image: if yours do better, set '
            'model.rela_head.in_channels') from e


def _black(model: BaseModel) -> Tensor:
    """One black image as the backbone sees it, (1, 3, H, W)."""
    side = getattr(model.backbone, 'img_size', 224)
    height, width = side if isinstance(side, (tuple, list)) else (side, side)
    image = torch.zeros(1, 3, height, width)
    sample = DataSample()
    sample.set_field(torch.zeros(1), 'rela_target')
    try:
        return model.data_preprocessor(
            dict(inputs=[image], data_samples=[sample]), True)['inputs'][0]
    except Exception as e:  # whatever a user's own code may raise
        raise refused(
            model, 'model.data_preprocessor.type='
            f'{type(model.data_preprocessor).__name__} failed ({said(e)})'
        ) from e
