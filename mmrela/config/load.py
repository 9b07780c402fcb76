"""Configs as commands and calls read them."""
from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Literal

from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.utils import import_modules_from_strings

from ..engine.accelerate import accelerate, trains_rela
from ..errors import UserError
from ..targets import TargetStore
from .nearby import config_meant, config_path
from .numbers import require_numbers


def load_config(config: str | Path | Config, options: dict | None = None,
                rela: str | bool = False) -> Config:
    """Read a config, and let options override its entries.

    Args:
        config: A file, ``mmpretrain::METHOD/FILE.py``, or a config that is
            loaded, which stays as it is.
        options: Values by their keys, such as ``train_cfg.max_epochs``.
        rela: Whether it must train with RELA, as :func:`with_rela` says;
            a directory is that of the targets.

    Raises:
        UserError: there is no such file, it is no config, or an option is
            none; RELA does not go with it.
    """
    try:
        cfg = _read(config)
        stem = Path(cfg.filename).stem
        if rela:
            cfg = with_rela(cfg, rela)
        cfg.merge_from_dict(options or {})
    except UserError:
        raise
    except FileNotFoundError as e:
        raise UserError(f'no config at {config} ({e})') from e
    except (OSError, SyntaxError, LookupError, TypeError, ValueError,
            NameError, ImportError, AttributeError, AssertionError,
            RuntimeError) as e:  # mmengine's own is one of the last
        raise UserError(f'{config} is no config: {e}') from e
    cfg.setdefault('work_dir', str(Path('work_dirs', stem)))
    init_default_scope(cfg.setdefault('default_scope', 'mmpretrain'))
    _mend_loader(cfg.get('train_dataloader') or {})
    require_numbers(cfg)
    return cfg


def _mend_loader(loader: dict) -> None:
    for name in ('sampler', 'collate_fn'):  # there was nothing to delete
        if isinstance(loader.get(name), dict):
            loader[name].pop('_delete_', None)
    if loader.get('num_workers') == 0:  # torch takes neither then
        loader['persistent_workers'] = False
        loader.pop('prefetch_factor', None)


def _read(config: str | Path | Config) -> Config:
    if isinstance(config, Config):
        config = deepcopy(config)
        if config.filename is None:  # which messages name
            object.__setattr__(config, '_filename', 'the config')
        return config
    path = config_path(str(config))
    if not path.exists():
        near = config_meant(str(config), path)
        raise UserError(f'no config at {path}{near}')
    cfg = Config.fromfile(path)
    if cfg.get('custom_imports'):  # which new-style ones wait for in vain
        import_modules_from_strings(**cfg.custom_imports)
    return cfg


def with_rela(cfg: Config, targets: str | Literal[True]) -> Config:
    """A plain config accelerated, or RELA's with other targets.

    Args:
        cfg: As its file has it.
        targets: Directory of the store, whose width a plain config gets if
            it is there. ``True``: the config's own, of a plain one
            ``data/targets/STEM``.
    """
    if trains_rela(cfg):
        if targets is not True:
            cfg.train_dataloader.dataset.targets = targets
        return cfg
    stem = Path(cfg.filename).stem
    cfg.setdefault('work_dir', f'work_dirs/{stem}_rela')
    if targets is True:
        return accelerate(cfg, f'data/targets/{stem}')
    if not (Path(targets) / 'meta.json').is_file():
        return accelerate(cfg, targets)
    width = TargetStore.open(targets).dim
    return accelerate(cfg, targets, out_channels=width)
