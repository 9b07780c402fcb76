"""Numbers of a config that end in a traceback where they make no sense."""
from __future__ import annotations

import math

from mmengine.config import Config

from ..errors import UserError

_LEAST = {  # of whole numbers
    'train_dataloader.num_workers': 0,
    'train_dataloader.batch_size': 1,
    'train_cfg.max_epochs': 0,  # a network that is only looked at
    'train_cfg.max_iters': 1,
    'optim_wrapper.accumulative_counts': 1,
    'model.rela_head.in_channels': 1,
    'model.rela_head.out_channels': 1,
    'default_hooks.checkpoint.interval': -1,  # never
}
_RATE = 'optim_wrapper.optimizer.lr'


def require_numbers(cfg: Config) -> None:
    """Look at the numbers that most trainings set.

    Raises:
        UserError: names the key, and what it takes.
    """
    for key, least in _LEAST.items():
        value = _find(cfg, key)
        if value is not None and not (
                isinstance(value, (int, float)) and value >= least
                and value % 1 == 0):
            raise UserError(f'{cfg.filename}, or --cfg-options: {key}='
                            f'{value!r} is no whole number from {least} on')
    rate = _find(cfg, _RATE)
    if rate is not None and not (
            isinstance(rate, (int, float)) and 0 <= rate < math.inf):
        raise UserError(f'{cfg.filename}, or --cfg-options: {_RATE}='
                        f'{rate!r} is no number from 0 on')


def _find(cfg: Config, key: str) -> object:
    """The entry, ``None`` if there is none."""
    found = cfg
    for part in key.split('.'):
        found = found.get(part) if hasattr(found, 'get') else None
    return found
