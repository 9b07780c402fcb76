"""Backbones of this project's configs, untrained or from a checkpoint."""
from __future__ import annotations

import torch
from torch import nn

from ..errors import UserError
from ..files.weights import read_weights, without_prefix
from ..pictures.access import takes_grey
from ..pictures.rgb import loaders, loads_bgr, swaps
from ..resolve import pipelines
from ..rng import seeded
from .base import Prior


def load_random(name: str, weights: str | None, image_size: int | None,
                cfg: dict | None) -> Prior:
    """``random[:SEED]``: the config's own backbone, untrained.

    The student's architecture, without any weights to download.
    """
    if weights not in (None, 'none'):
        raise UserError('--prior random takes no --weights')
    if cfg is None or 'backbone' not in cfg.get('model', {}):
        raise UserError('--prior random needs a config with model.backbone')
    seed = name or '0'
    if not seed.isdecimal():
        raise UserError(f'--prior random:{seed}: the seed must be a whole '
                        'number')
    with seeded(int(seed)):
        backbone = _build(cfg)
        backbone.init_weights()
    prior = as_prior(f'random:{seed}', backbone, image_size, cfg)
    # Its targets teach more so: ablation_targets in configs/experiments
    prior.normalize = 'whiten'
    return prior


def load_checkpoint(name: str, weights: str | None, image_size: int | None,
                    cfg: dict | None) -> Prior:
    """``checkpoint:CONFIG,FILE``: the backbone of a run of yours.

    Or of any config for mmpretrain with a checkpoint of it; the paper's
    CF10-T to IN1K-T are such. It sees images at their own size without
    ``--image-size``, normalised as CONFIG says.
    """
    spec = f'checkpoint:{name}'
    config, _, file = name.partition(',')
    if not (config and file):
        raise UserError(f'--prior {spec}: write checkpoint:CONFIG,FILE')
    if weights is not None:
        raise UserError(f'--prior {spec} names its weights already: leave '
                        'out --weights')
    other = read_config(config, spec)
    if 'backbone' not in other.get('model', {}):
        raise UserError(f'--prior {spec}: {config} has no model.backbone')
    prior = load_student(file, image_size, other)
    prior.name = spec
    prior.head = _classifier(file)
    return prior


def _classifier(file: str) -> nn.Linear | None:
    """The linear head of a classifier's checkpoint, if it is one."""
    weights = without_prefix(read_weights(file), 'head.fc.')
    if set(weights) != {'weight', 'bias'}:
        return None
    head = nn.Linear(*reversed(weights['weight'].shape))
    head.load_state_dict(weights)
    return head.requires_grad_(False)


def load_student(file: str, image_size: int | None, cfg: dict) -> Prior:
    """The config's backbone with the weights of one of its checkpoints.

    Raises:
        UserError: a weight of the backbone is missing or has another shape.
    """
    backbone = _build(cfg)
    try:
        backbone.load_state_dict(
            without_prefix(read_weights(file), 'backbone.'))
    except RuntimeError as e:
        raise UserError(f'{file} does not hold the backbone of this config: '
                        'probe with the config it was trained with') from e
    return as_prior(f'checkpoint:{file}', backbone, image_size, cfg)


def read_config(file: str, spec: str) -> dict:
    """The config that a prior's spelling names.

    Raises:
        UserError: it is missing or no config.
    """
    from mmengine.config import Config
    try:
        return Config.fromfile(file)
    except (OSError, SyntaxError, LookupError, TypeError, ValueError,
            RuntimeError) as e:  # mmengine's own is one of the last
        raise UserError(f'--prior {spec}: {file} is missing or no config '
                        f'({e})') from e


def _build(cfg: dict) -> nn.Module:
    from mmpretrain.registry import MODELS
    return MODELS.build(dict(cfg['model']['backbone']))


class Pooled(nn.Module):
    """A backbone of mmpretrain, whose features are one vector per image."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images (n, 3, H, W) to features (n, d), both float32."""
        from ..models.pooling import pool_features
        from ..models.unmasked import unmasked
        return pool_features(unmasked(self.backbone, x), self.backbone)


def as_prior(name: str, backbone: nn.Module, image_size: int | None,
             cfg: dict) -> Prior:
    """A student's backbone with the preprocessing of its config.

    Args:
        name: The prior's spelling, for the fingerprint.
        backbone: Maps (n, 3, H, W) float32 to whatever
            :func:`~mmrela.models.rela_head.pool_features` takes.
        image_size: Side of the square to which images are resized and
            cropped, in pixels; ``None`` leaves them at their own size.
        cfg: Its ``data_preprocessor``, in ``model`` or beside it, may have
            mean and std, in levels of 0 to 255. That and the pipeline of its
            training images tell whether the student sees RGB or BGR.
    """
    from mmengine.model import revert_sync_batchnorm
    from torchvision.transforms import v2
    stats = (cfg['model'].get('data_preprocessor')
             or cfg.get('data_preprocessor') or {})
    mean, std = stats.get('mean'), stats.get('std')
    steps = [v2.PILToTensor(), v2.ToDtype(torch.float32)]
    swapped = sees_bgr(cfg, stats)
    if swapped:
        steps.append(v2.Lambda(lambda image: image.flip(0)))
    if mean is not None:
        steps.append(v2.Normalize(mean, std))
    if image_size:
        steps = [v2.Resize(image_size), v2.CenterCrop(image_size)] + steps
    if takes_grey(cfg):
        steps = [v2.Grayscale()] + steps
    description = (f'size {image_size or "native"}, mean {mean}, '
                   f'std {std}{", BGR" * swapped}')
    return Prior(name, revert_sync_batchnorm(Pooled(backbone)),
                 v2.Compose(steps), description)


def sees_bgr(cfg: dict, stats: dict) -> bool:
    """Whether the training's images reach the backbone as BGR."""
    dataset = (cfg.get('train_dataloader') or {}).get('dataset', {})
    pipeline = next(pipelines(dataset), None)
    if pipeline is None:
        return False
    return loads_bgr(loaders(pipeline)) != swaps(stats)
