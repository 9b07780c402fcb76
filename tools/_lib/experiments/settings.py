"""Settings of one row of a table, and a short name for them."""
from __future__ import annotations

import hashlib
import json
from copy import deepcopy
from pathlib import Path

from mmengine.config import Config, ConfigDict

from ..cli import ToolError

SCHEDULE = 'default_hooks.rela.schedule'
# What a result depends on, and what in there it does not.
DECIDES = ('model', 'data_preprocessor', 'train_dataloader', 'optim_wrapper',
           'train_cfg', 'param_scheduler', 'custom_hooks', 'probe',
           'randomness')
PLACES = ('data_root', 'targets', 'num_workers', 'persistent_workers',
          'pin_memory', 'prefetch_factor', 'soft_labels', 'checkpoint')

# For runs whose checkpoints are probed after the training.
KEEP_ALL = {'default_hooks.checkpoint.max_keep_ckpts': -1}


def read_config(file: str) -> Config:
    """A row's config.

    Raises:
        ToolError: there is no such file.
    """
    try:
        return Config.fromfile(file, import_custom_modules=False)
    except FileNotFoundError as e:
        raise ToolError(f'no config at {file}, which a row names') from e


def resolve(row: ConfigDict, table: Config, size: str,
          cfg: Config) -> tuple[dict, Config]:
    """Options and resolved config of a row, before the seed."""
    settings, own = table.sizes[size], row.get('overrides', {})
    options = {**settings.overrides,
               **_lambda(table.priors[row.prior] is None,
                         {} if f'{SCHEDULE}.type' in own else settings),
               **own, **row.get('at', {}).get(size, {})}
    cfg = deepcopy(cfg)
    cfg.merge_from_dict(options)
    return options, cfg


def _lambda(is_host: bool, settings: dict) -> dict:
    """The rule for λ: none of RELA, or Algorithm 1 made faster.

    Algorithm 1's constants suit thousands of steps. Its two averages are
    made faster by one factor, so that a shorter run spends a like share of
    its steps on RELA.
    """
    if is_host:
        return {f'{SCHEDULE}.type': 'FixedLambda', f'{SCHEDULE}.fraction': 0}
    factor = settings.get('lambda_factor', 1)
    if factor == 1:
        return {}
    return {f'{SCHEDULE}.fast_momentum': round(1 - 0.001 * factor, 6),
            f'{SCHEDULE}.slow_momentum': round(1 - 0.01 * factor, 6)}


def probed_epochs(row: dict, settings: dict, cfg: Config) -> tuple[int, ...]:
    """Epochs before the last one after which a row is probed, too.

    Args:
        row: Its ``probe_at`` says it, or else that of ``settings``.
        settings: Of the size.
        cfg: The row's resolved config.
    """
    asked = row.get('probe_at', settings.get('probe_at', []))
    return tuple(n for n in asked if n < cfg.train_cfg.max_epochs)


def settings_key(cfg: Config, prior: dict | None, probe_epochs: int) -> str:
    """Hash of all that decides a result."""
    # An empty list says what no entry says.
    decides = {name: cfg.get(name) or None for name in DECIDES}
    return _hash(decides, cfg.default_hooks.rela, prior, probe_epochs)


def images_key(cfg: Config, prior: dict) -> str:
    """Of a target store: the prior, and the images that it looks at."""
    images = {key: value for key, value in cfg.train_dataloader.dataset.items()
              if key not in ('pipeline', 'rela_pipeline')}
    parts = str(prior.get('prior')).split(' + ')
    backbone = 'random' in parts and cfg.model.backbone
    width = cfg.model.rela_head.out_channels
    return _hash(images, cfg.data_preprocessor, backbone, width, prior)


def distilled_key(cfg: Config, prior: dict) -> str:
    """Of a distilled data set: the prior, how it chose, and the width."""
    return _hash(cfg.model.rela_head.out_channels, prior)


def distilled_places(cfg: Config, folder: Path, teacher: Path) -> dict:
    """Options of a student: its data set, and the teacher's weights."""
    data = 'train_dataloader.dataset'
    places = {f'{data}.data_root': str(folder),
              f'{data}.targets': str(folder / 'targets')}
    if 'soft_labels' in cfg.train_dataloader.dataset:
        places[f'{data}.soft_labels'] = str(folder / 'soft_labels')
    if 'teacher' in cfg.model:
        places['model.teacher.init_cfg.checkpoint'] = str(teacher)
    return places


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
