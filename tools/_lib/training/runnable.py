"""What mmengine would say in a traceback, or never, as one sentence."""
from __future__ import annotations

import os
from pathlib import Path

from mmengine.config import Config
from mmengine.device import get_device
from mmengine.optim import AmpOptimWrapper
from mmengine.registry import OPTIM_WRAPPERS
from mmpretrain.registry import OPTIMIZERS

from mmrela.engine.accelerate import trains_rela
from mmrela.errors import UserError
from mmrela.resolve import resolve
from mmrela.spelling import meant


def require_runnable(cfg: Config) -> None:
    """Look at a config before its Runner is built.

    Raises:
        UserError: the config, or this machine, lacks something.
    """
    _check_entries(cfg)
    _check_names(cfg)
    wrapper = resolve(cfg.optim_wrapper.get('type'), OPTIM_WRAPPERS)
    if wrapper is AmpOptimWrapper and get_device() == 'cpu':
        raise UserError('mixed precision (--amp, optim_wrapper.type='
                        'AmpOptimWrapper) needs a GPU; on CPUs set '
                        'optim_wrapper.type=OptimWrapper')
    if cfg.launcher == 'pytorch' and 'RANK' not in os.environ:
        raise UserError('--launcher pytorch is for processes that torchrun '
                        'starts: use tools/dist_train.sh')
    try:
        Path(cfg.work_dir).mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise UserError(f'--work-dir {cfg.work_dir}: {e.strerror}') from e


def _check_entries(cfg: Config) -> None:
    for key in ('model', 'train_dataloader', 'train_cfg', 'optim_wrapper'):
        if not cfg.get(key):
            raise UserError(f'{cfg.filename} has no entry `{key}`')
        if not isinstance(cfg[key], dict):
            raise UserError(f'{cfg.filename}, or --cfg-options: {key}='
                            f'{cfg[key]!r} is no dict of entries')
    for key in ('max_epochs', 'max_iters'):
        if cfg.train_cfg.get(key) == 0:
            raise UserError(f'train_cfg.{key}=0 trains nothing: set it to 1 '
                            'or more')
    hooks = cfg.get('default_hooks')
    if trains_rela(cfg) and not (isinstance(hooks, dict)
                                 and hooks.get('rela')):
        raise UserError('default_hooks has no entry `rela`, so nothing would '
                        'end the RELA stage: add default_hooks = '
                        '_base_.rela_hooks')
    scaling = cfg.get('auto_scale_lr', {})
    if scaling.get('enable') and 'base_batch_size' not in scaling:
        raise UserError('auto_scale_lr needs base_batch_size, the images a '
                        'step that the learning rate is for')


def _check_names(cfg: Config) -> None:
    """What mmengine's own builders answer by a traceback."""
    hooks = cfg.get('default_hooks') or {}
    for name, hook in hooks.items():
        if isinstance(hook, dict) and 'type' not in hook:
            near = meant(name, {*hooks} - {name}, 'default_hooks.')
            raise UserError(f'default_hooks.{name} has no type{near}')
    optimizer = cfg.optim_wrapper.get('optimizer', {})
    if not isinstance(optimizer, dict):
        raise UserError('optim_wrapper.optimizer must be a dict with a type, '
                        f'got {optimizer!r}')
    kind = optimizer.get('type', 'SGD')
    if resolve(kind, OPTIMIZERS) is None:
        near = meant(kind, [*OPTIMIZERS.module_dict,
                            *OPTIMIZERS.parent.module_dict])
        raise UserError(f'optim_wrapper.optimizer.type: {kind!r} is no '
                        f'registered optimiser{near}')
