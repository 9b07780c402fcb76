"""Configs as the tools' arguments name them."""
from __future__ import annotations

import argparse

from mmengine.config import Config, DictAction
from mmengine.logging import MMLogger

import mmrela.registry  # noqa: F401  registers what configs name
from mmrela.config import load
from mmrela.errors import UserError


def load_config(args: argparse.Namespace,
                rela: str | bool = False) -> Config:
    """``args.config``, in which ``args.cfg_options`` override entries.

    Args:
        args: Of a tool.
        rela: See :func:`mmrela.config.load.load_config`.

    Raises:
        UserError: as there; an option's brackets do not match.
    """
    cfg = load.load_config(args.config, parse_options(args.cfg_options or []),
                           rela)
    be_quiet()
    return cfg


def be_quiet() -> None:
    """A Runner makes its own logger.

    Outside one, nobody wants to read how each weight was initialised.
    """
    MMLogger.get_current_instance().setLevel('WARNING')


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
