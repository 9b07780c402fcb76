"""Configs as the tools read them."""
from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.error import URLError

from mmengine.config import Config, DictAction
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope

import mmrela.registry  # noqa: F401  registers what configs name
from mmrela.engine.accelerate import accelerate, trains_rela
from mmrela.errors import UserError
from mmrela.targets import TargetStore

from .names import name_meant
from .numbers import require_numbers


def load_config(args: argparse.Namespace,
                rela: str | bool = False) -> Config:
    """Read ``args.config``, and let ``args.cfg_options`` override entries.

    Args:
        args: Of a tool.
        rela: Whether it must train with RELA, as :func:`with_rela` says;
            a directory is that of the targets.

    Raises:
        UserError: there is no such file, it is no config, or an option is
            none; RELA does not go with it.
    """
    options = parse_options(args.cfg_options or [])
    try:
        cfg = Config.fromfile(args.config)
        if rela:
            cfg = with_rela(cfg, rela)
        cfg.merge_from_dict(options)
    except UserError:
        raise
    except FileNotFoundError as e:
        raise UserError(f'no config at {args.config} ({e})') from e
    except (OSError, SyntaxError, LookupError, TypeError, ValueError,
            NameError, ImportError, AttributeError) as e:
        raise UserError(f'{args.config} is no config: {e}') from e
    cfg.setdefault(
        'work_dir', str(Path('work_dirs') / Path(args.config).stem))
    init_default_scope(cfg.setdefault('default_scope', 'mmpretrain'))
    loader = cfg.get('train_dataloader', {})
    for name in ('sampler', 'collate_fn'):  # there was nothing to delete
        loader.get(name, {}).pop('_delete_', None)
    if loader.get('num_workers') == 0:  # torch takes neither then
        loader['persistent_workers'] = False
        loader.pop('prefetch_factor', None)
    require_numbers(cfg)
    # A Runner makes its own logger; outside one, nobody wants to read how
    # each weight was initialised.
    MMLogger.get_current_instance().setLevel('WARNING')
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


def parse_options(pairs: list[str]) -> dict:
    """``KEY=VALUE`` pairs, as mmpretrain's tools understand them.

    Raises:
        UserError: a value's brackets do not match.
    """
    parsed = argparse.Namespace(options=None)
    try:
        DictAction((), 'options')(None, parsed, pairs)
    except AssertionError as e:
        raise UserError(f'--cfg-options: {e}') from e
    return parsed.options


@contextmanager
def misspelt(config: str) -> Iterator[None]:
    """A registry's answer to a wrong type or key, as one sentence.

    Raises:
        UserError: names what is not known, or what is missing.
    """
    try:
        yield
    except AssertionError as e:
        if 'epoch_length' not in str(e):
            raise
        raise UserError(
            f'{config}: an epoch has no batch, since the images are fewer '
            'than train_dataloader.batch_size: lower it') from e
    except (KeyError, TypeError) as e:
        message = str(e.args[0]) if e.args else ''
        if not any(text in message for text in (
                'is not in the', 'unexpected keyword argument',
                'required positional argument')):
            raise
        cure = (': if a base gives it, replace the whole entry by '
                '_delete_=True' * ('unexpected' in message))
        raise UserError(
            f'{config}, or --cfg-options, has a name that is not known, or '
            f'lacks one: {message.splitlines()[0].partition(". Please")[0]}'
            f'{name_meant(e)}{cure}') from e
    except URLError as e:
        raise UserError(
            f'{config} names weights to download, and there is no way to '
            f'them ({e.reason}): put them into the cache, TORCH_HOME, on a '
            'machine with a network') from e
    except FileNotFoundError as e:
        raise UserError(f'{config} names a file or folder that is not there: '
                        f'{e}') from e
