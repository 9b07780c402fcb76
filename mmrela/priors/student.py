"""The student's own backbone, untrained or from a checkpoint."""
from __future__ import annotations

import torch
from torch import nn

from ..errors import UserError
from .base import Prior, read_weights


def load_random(name: str, weights: str | None, image_size: int | None,
                cfg: dict | None) -> Prior:
    """``random[:SEED]``: the config's backbone with fresh weights."""
    if weights not in (None, 'none'):
        raise UserError('--prior random takes no --weights')
    if cfg is None or 'backbone' not in cfg.get('model', {}):
        raise UserError('--prior random needs a config with model.backbone')
    seed = name or '0'
    if not seed.isdecimal():
        raise UserError(f'--prior random:{seed}: the seed must be a whole '
                        'number')
    from mmpretrain.registry import MODELS
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(seed))
        backbone = MODELS.build(dict(cfg['model']['backbone']))
        backbone.init_weights()
    return _as_prior(f'random:{seed}', backbone, image_size, cfg)


def load_student(file: str, image_size: int | None, cfg: dict) -> Prior:
    """The config's backbone with the weights of one of its checkpoints.

    Raises:
        UserError: a weight of the backbone is missing or has another shape.
    """
    from mmpretrain.registry import MODELS
    backbone = MODELS.build(dict(cfg['model']['backbone']))
    state = {key.removeprefix('backbone.'): value
             for key, value in read_weights(file).items()
             if key.startswith('backbone.')}
    try:
        backbone.load_state_dict(state)
    except RuntimeError as e:
        raise UserError(f'{file} does not hold the backbone of this config: '
                        'probe with the config it was trained with') from e
    return _as_prior(f'checkpoint:{file}', backbone, image_size, cfg)


class _Pooled(nn.Module):

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        from ..head import pool_features
        return pool_features(self.backbone(x))


def _as_prior(name: str, backbone: nn.Module, image_size: int | None,
              cfg: dict) -> Prior:
    from mmengine.model import revert_sync_batchnorm
    from torchvision.transforms import v2
    stats = cfg['model'].get('data_preprocessor') or cfg['data_preprocessor']
    steps = [v2.PILToTensor(), v2.ToDtype(torch.float32),
             v2.Normalize(stats['mean'], stats['std'])]
    if image_size:
        steps = [v2.Resize(image_size), v2.CenterCrop(image_size)] + steps
    description = (f'size {image_size or "native"}, mean {stats["mean"]}, '
                   f'std {stats["std"]}')
    return Prior(name, revert_sync_batchnorm(_Pooled(backbone)),
                 v2.Compose(steps), description)
