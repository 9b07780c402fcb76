"""Backbones of mmpretrain's models, and of any config for it."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from ..errors import UserError, said
from ..files.downloads import url_file
from ..files.weights import load_weights, read_weights
from ..pictures.rgb import loaders, loads_bgr, swaps
from ..rng import seeded
from ..spelling import meant
from .base import Prior
from .own_backbone import Pooled, read_config

POOLS = ('GlobalAveragePooling', 'GeneralizedMeanPooling', 'HRFuseScales')


def load_mmpretrain(name: str, weights: str | None, image_size: int | None,
                    cfg: dict | None) -> Prior:
    """``mmpretrain:NAME|CONFIG``: a backbone of mmpretrain.

    NAME is one of ``mmpretrain.list_models()``, a CONFIG needs
    ``--weights``. mmpretrain's code is under Apache-2.0; weights of 1 to
    1,100 million numbers that its page names for NAME, many of them
    converted from elsewhere. Features are the backbone's last ones, averaged
    over positions as its classifier's neck does.
    """
    spec = f'mmpretrain:{name}'
    config, url = _describe(name, spec)
    if 'backbone' not in config.get('model', {}):
        raise UserError(f'--prior {spec} has no model.backbone: take another')
    transform = TestPipeline(config, image_size, spec)
    model = _build(config)
    if weights != 'none':
        if not weights:
            if url is None:
                raise UserError(f'--prior {spec}: mmpretrain has no weights '
                                'of it; pass --weights FILE|none')
            weights = url_file(url, f'the weights of {spec}')
        parts = tuple(f'{part}.' for part, _ in model.named_children())
        load_weights(model, {
            key: value for key, value in read_weights(weights).items()
            if key.startswith(parts)}, f'{weights} into {name}')
    return Prior(spec, model, transform, transform.describe())


def _describe(name: str, spec: str) -> tuple[dict, str | None]:
    """Config of the model, and where its weights are."""
    if Path(name).suffix == '.py':
        return read_config(name, spec), None
    from mmpretrain.apis.model import ModelHub, list_models
    try:
        entry = ModelHub.get(name)
    except ValueError as e:
        near = meant(name, list_models())
        raise UserError(f'--prior {spec}: mmpretrain has no such model{near}; '
                        'mmpretrain.list_models() names all') from e
    except Exception as e:  # some of its configs cannot be read
        raise UserError(f'--prior {spec}: mmpretrain fails to read its own '
                        f'config of it ({said(e)}); take another') from e
    return entry.config, entry.weights


def _build(config: dict) -> nn.Module:
    from mmengine.model import revert_sync_batchnorm
    from mmpretrain.registry import MODELS
    settings, neck = config['model'], _neck(config['model'])
    with seeded():
        model = Pooled(MODELS.build(dict(settings['backbone'], init_cfg=None)))
        if neck:
            model = Necked(model.backbone, MODELS.build(neck))
        return revert_sync_batchnorm(model)


def _neck(model: dict) -> list[dict]:
    """What a classifier pools with, unless that is the mean over a map."""
    neck = model.get('neck') or []
    parts = [neck] if isinstance(neck, dict) else neck
    if not all(_is(part, POOLS) for part in parts) or (
            [part.get('dim', 2) for part in parts] == [2]
            and _is(parts[0], 'GlobalAveragePooling')):
        return []
    return parts


class Necked(nn.Module):
    """A backbone of mmpretrain with the neck that pools for its classifier.

    Some give tokens as (N, C, L), or maps that the neck fuses.
    """

    def __init__(self, backbone: nn.Module, neck: nn.Module) -> None:
        super().__init__()
        self.backbone, self.neck = backbone, neck

    def forward(self, x: Tensor) -> Tensor:
        """Images (n, 3, H, W) to features (n, d), both float32."""
        from ..models.pooling import pool_features
        return pool_features(self.neck(self.backbone(x)))


class TestPipeline:
    """What a config does to its test images, without loading and packing.

    Args:
        config: One for mmpretrain.
        image_size: Resize the shorter side to it and crop the centre
            instead; needed if the config tests nothing.
        spec: Of the prior, for messages.

    Raises:
        UserError: the config tests nothing, and there is no ``image_size``.
    """
    __test__ = False  # pytest would collect it

    def __init__(self, config: dict, image_size: int | None,
                 spec: str) -> None:
        from mmengine.dataset import Compose
        from mmpretrain.registry import TRANSFORMS
        steps = _pipeline(config, 'test_dataloader')
        seen = steps or _pipeline(config, 'train_dataloader')
        # Who says nothing of images loads them as mmcv does.
        bgr = not seen or loads_bgr(loaders(seen))
        if image_size:
            steps = [dict(type='ResizeEdge', scale=image_size, edge='short'),
                     dict(type='CenterCrop', crop_size=image_size)]
        elif not steps:
            raise UserError(f'--prior {spec} has no test_dataloader that '
                            'tells what it sees: pass --image-size')
        self.steps = [step for step in steps
                      if not (_is(step, 'Load') or _is(step, 'Pack'))]
        self.compose = Compose([TRANSFORMS.build(s) for s in self.steps])
        stats = config['model'].get('data_preprocessor') or config.get(
            'data_preprocessor') or {}
        self.mean = torch.tensor(stats.get('mean', [0.] * 3))[:, None, None]
        self.std = torch.tensor(stats.get('std', [1.] * 3))[:, None, None]
        self.swap = bgr != swaps(stats)

    def __call__(self, image: Image.Image) -> Tensor:
        """Image to what the backbone sees, (3, H, W) float32."""
        pixels = np.asarray(image)
        sees = self.compose(dict(
            img=np.ascontiguousarray(pixels[..., ::-1]),
            img_shape=pixels.shape[:2], ori_shape=pixels.shape[:2]))['img']
        channels = torch.from_numpy(sees.copy()).permute(2, 0, 1).float()
        return ((channels if self.swap else channels.flip(0))
                - self.mean) / self.std

    def describe(self) -> str:
        """The same in words, for the fingerprint."""
        steps = ', '.join(str(dict(step)) for step in self.steps) or 'native'
        return (f'{steps}, {"BGR" if self.swap else "RGB"}, mean '
                f'{self.mean.flatten().tolist()}, std '
                f'{self.std.flatten().tolist()}')


def _pipeline(config: dict, loader: str) -> list[dict]:
    return (config.get(loader) or {}).get('dataset', {}).get('pipeline', [])


def _is(step: dict, kind: str | tuple[str, ...]) -> bool:
    name = getattr(step['type'], '__name__', step['type'])
    return name.rpartition('.')[2].startswith(kind)
