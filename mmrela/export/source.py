"""A checkpoint's backbone, by the config that the checkpoint was made with."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from torch import Tensor, nn

from ..config.load import load_config
from ..config.misspelt import misspelt
from ..engine.checkpoints import ForeignCheckpointError, require_sound
from ..errors import UserError
from ..files.weights import read_weights
from ..priors import load_student
from ..priors.own_backbone import sees_bgr
from .literal import literal, require_networks

CIFAR, USUAL = 32, 224  # sides of images, in pixels


class Source:
    """What is exported.

    Args:
        checkpoint: Its file.
        config: That of the training, a file or loaded; ``None`` for the one
            that mmengine left in the checkpoint, or else beside it.
        side: Of the images that it is compared on, in pixels; ``None`` for
            the backbone's own, or what is usual.

    Raises:
        UserError: there is no checkpoint, no config, or they do not fit.
    """

    def __init__(self, checkpoint: Path,
                 config: str | Path | Config | None = None,
                 side: int | None = None) -> None:
        self.file, self._side = checkpoint, side
        try:
            require_sound(checkpoint)
        except ForeignCheckpointError:
            read_weights(str(checkpoint))  # whose cure is one that helps here
            raise
        self.cfg = _config(checkpoint, config)
        init_default_scope(self.cfg.get('default_scope', 'mmpretrain'))
        if 'backbone' not in self.cfg.get('model', {}):
            raise UserError(f'the config of {checkpoint} has no '
                            'model.backbone: pass --config')
        with misspelt(str(self.cfg.filename or checkpoint)):
            self.prior = load_student(str(checkpoint), side, self.cfg)

    @property
    def features(self) -> nn.Module:
        """Maps images (n, 3, H, W) to (n, d)."""
        return self.prior.model

    @property
    def backbone(self) -> nn.Module:
        """mmpretrain's own."""
        return self.features.backbone

    @property
    def settings(self) -> dict:
        """Of the backbone, as one process on a CPU can build it."""
        settings = _named(self.cfg.model.backbone)
        settings.pop('init_cfg', None)
        norm = settings.get('norm_cfg') or {}
        if norm.get('type') == 'SyncBN':
            settings['norm_cfg'] = dict(norm, type='BN')
        return settings

    @property
    def kind(self) -> str:
        """Class of the backbone, such as ``ResNet``."""
        return type(self.backbone).__name__

    @property
    def state(self) -> dict[str, Tensor]:
        """Weights of the backbone by mmpretrain's names."""
        return self.backbone.state_dict()

    @property
    def side(self) -> int:
        """Of the images, in pixels."""
        if self._side:
            return self._side
        size = self.settings.get('img_size', CIFAR if (
            self.kind == 'ResNet_CIFAR') else USUAL)
        return size if isinstance(size, int) else size[0]

    @property
    def channels(self) -> int:
        """Of the images."""
        return self.settings.get('in_channels', 3)

    def prepared(self) -> tuple[list[float], list[float], str] | None:
        """Mean and deviation of images of 0 to 1, and their channels' order.

        ``None`` if they are not normalised.
        """
        stats = (self.cfg.model.get('data_preprocessor')
                 or self.cfg.get('data_preprocessor') or {})
        if not stats.get('mean'):
            return None
        mean, std = ([round(value / 255, 5) for value in stats[key]]
                     for key in ('mean', 'std'))
        order = 'BGR' if sees_bgr(self.cfg, stats) else 'RGB'
        return mean, std, order if self.channels == 3 else 'grey'

    def normalization(self) -> str:
        """How images must be prepared, as a line of Python."""
        prepared = self.prepared()
        if prepared is None:
            return f'# images: (n, {self.channels}, H, W), not normalised'
        mean, std, order = prepared
        return (f'# images: (n, {self.channels}, H, W), {order} of 0 to 1 '
                f'through Normalize({mean}, {std})')


def _named(entry: Any) -> Any:
    """Plain dicts and lists, in which classes are their names."""
    if isinstance(entry, dict):
        return {key: _named(value) for key, value in entry.items()}
    if isinstance(entry, (list, tuple)):
        return type(entry)(map(_named, entry))
    if isinstance(entry, type):
        return f'{entry.__module__}.{entry.__qualname__}'
    return entry


def _config(checkpoint: Path, given: str | Path | Config | None) -> Config:
    if given is not None:
        return load_config(given)
    content = torch.load(checkpoint, map_location='cpu', weights_only=True)
    meta = content.get('meta', {}) if isinstance(content, dict) else {}
    text = meta.get('cfg')
    if isinstance(text, str):
        cfg = Config(literal(text, checkpoint))
        require_networks(cfg, checkpoint)
        return cfg
    beside = sorted(checkpoint.parent.glob('*.py'),
                    key=lambda file: file.stat().st_mtime)
    if beside:
        return load_config(beside[-1])
    raise UserError(f'neither {checkpoint} nor its folder holds the config of '
                    'its training: pass --config')
