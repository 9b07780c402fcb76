"""Configs as the tools read them."""
from __future__ import annotations

import argparse
from pathlib import Path

from mmengine.config import Config, DictAction
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope

import mmrela  # noqa: F401  registers what configs name
from mmrela.errors import UserError


def add_config_arguments(parser: argparse.ArgumentParser) -> None:
    """Add ``config`` and ``--cfg-options``, as mmpretrain's tools have."""
    parser.add_argument('config', help='config file')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        metavar='KEY=VALUE',
        help='override entries, e.g. train_dataloader.batch_size=64')


def load_config(args: argparse.Namespace) -> Config:
    """Read the config that :func:`add_config_arguments` asked for.

    Raises:
        UserError: there is no such file, or it is no config.
    """
    try:
        cfg = Config.fromfile(args.config)
    except FileNotFoundError as e:
        raise UserError(f'no config at {args.config} ({e})') from e
    except (OSError, SyntaxError, KeyError, TypeError) as e:
        raise UserError(f'{args.config} is no config: {e}') from e
    if args.cfg_options:
        cfg.merge_from_dict(args.cfg_options)
    cfg.setdefault(
        'work_dir', str(Path('work_dirs') / Path(args.config).stem))
    init_default_scope(cfg.setdefault('default_scope', 'mmpretrain'))
    # A Runner makes its own logger; outside one, nobody wants to read how
    # each weight was initialised.
    MMLogger.get_current_instance().setLevel('WARNING')
    return cfg
