"""How wide a host's features are, where its neck does not tell."""
from __future__ import annotations

import torch
from mmpretrain.models.selfsup import BaseSelfSupervisor
from mmpretrain.models.utils import TwoNormDataPreprocessor
from torch import Tensor, nn

from ..errors import UserError
from .eval_mode import eval_mode
from .pooling import pool_features


def feature_width(model: BaseSelfSupervisor) -> int:
    """Width of the features of a host that was just built.

    A black image goes the way of RELA's stage: through the preprocessor and
    ``extract_feat``, pooled. Its side is the backbone's ``img_size``, or 224.

    Args:
        model: The host; its weights, modes and random states stay as they
            are.

    Raises:
        UserError: that gives no finite (1, d) features, or others each time.
    """
    if isinstance(model.data_preprocessor, TwoNormDataPreprocessor):
        raise _refused(model, 'TwoNormDataPreprocessor expects a second '
                       "picture of each image, for the host's own targets")
    with torch.no_grad(), eval_mode(model):
        try:
            first, again = (_black(model) for _ in range(2))
        except Exception as e:  # whatever a host's own code may raise
            lines = str(e).splitlines() or ['']
            raise _refused(model, 'preprocessor or extract_feat failed '
                           f'({type(e).__name__}: {lines[0]})') from e
    if first.ndim != 2 or len(first) != 1 or not first.is_floating_point():
        raise _refused(model, 'the last output of extract_feat is '
                       f'{first.dtype} of {[*first.shape]}')
    if not first.isfinite().all():
        raise _refused(model, 'extract_feat gives numbers that are not finite')
    if not torch.equal(first, again):
        raise _refused(model, 'extract_feat gives others each time')
    return first.shape[1]


def _black(model: BaseSelfSupervisor) -> Tensor:
    """Features of one black image, (1, d)."""
    side = getattr(model.backbone, 'img_size', 224)
    height, width = side if isinstance(side, (tuple, list)) else (side, side)
    image = torch.zeros(1, 3, height, width)
    batch = model.data_preprocessor(
        dict(inputs=[image], data_samples=None), True)
    return pool_features(model.extract_feat(batch['inputs'][0]))


def _refused(model: nn.Module, what: str) -> UserError:
    host = type(model).__name__.removeprefix('Rela')
    return UserError(
        f"model.host={host} does not go with RELA's stage, which needs a "
        f'vector of features for each whole image: {what}; take another '
        'host, or set model.rela_head.in_channels if these are right for '
        'images of the training')
