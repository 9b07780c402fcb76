"""Short names for settings: the same settings, the same name."""
from __future__ import annotations

import hashlib
import json

from mmengine.config import Config

# What a result depends on, and what in there it does not.
DECIDES = ('model', 'data_preprocessor', 'train_dataloader', 'optim_wrapper',
           'train_cfg', 'param_scheduler', 'custom_hooks', 'probe',
           'randomness')
PLACES = ('data_root', 'targets', 'num_workers', 'persistent_workers',
          'pin_memory', 'prefetch_factor')


def settings_key(cfg: Config, prior: dict | None, probe_epochs: int) -> str:
    """Hash of all that decides a result."""
    decides = {name: cfg.get(name) for name in DECIDES}
    return _hash(decides, cfg.default_hooks.rela, prior, probe_epochs)


def images_key(cfg: Config, prior: dict) -> str:
    """Of a target store: the prior, and the images that it looks at."""
    images = {key: value for key, value in cfg.train_dataloader.dataset.items()
              if key not in ('pipeline', 'rela_pipeline')}
    backbone = prior.get('prior') == 'random' and cfg.model.backbone
    width = cfg.model.rela_head.out_channels
    return _hash(images, cfg.data_preprocessor, backbone, width, prior)


def _hash(*settings: object) -> str:
    text = json.dumps([_content(part) for part in settings], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=5).hexdigest()


def _content(part: object) -> object:
    if isinstance(part, dict):
        return {key: _content(value) for key, value in part.items()
                if key not in PLACES}
    if isinstance(part, (list, tuple)):
        return [_content(value) for value in part]
    return part
