"""What the command line of a training changes in its config."""
from __future__ import annotations

import argparse

from mmengine.config import Config

from mmrela.engine import checkpoints


def override(cfg: Config, args: argparse.Namespace) -> Config:
    """Let the command line override the config.

    Args:
        cfg: Of the training; it is changed.
        args: Of ``train.py``.

    Raises:
        UserError: a checkpoint is missing, damaged or not trusted.
    """
    cfg.launcher = args.launcher
    if args.work_dir:
        cfg.work_dir = args.work_dir
    if args.amp:
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
    if args.auto_scale_lr:
        cfg.setdefault('auto_scale_lr', {})  # which keeps a copy
        cfg.auto_scale_lr.enable = True
    if args.resume:
        checkpoint = _resume_from(args, cfg.work_dir)
        if checkpoint:
            cfg.load_from, cfg.resume = checkpoint, True
    elif cfg.get('load_from') and '://' not in cfg.load_from:
        _take(cfg.load_from, args.trust_checkpoint)
    return cfg


def _resume_from(args: argparse.Namespace, work_dir: str) -> str | None:
    """The checkpoint that ``--resume`` means, if there is one."""
    if args.resume != 'auto':
        _take(args.resume, args.trust_checkpoint)
        return args.resume
    file = checkpoints.newest_sound(work_dir, args.trust_checkpoint)
    if file is None:
        print(f'no checkpoint in {work_dir}: training begins afresh',
              flush=True)
        return None
    if args.trust_checkpoint:
        checkpoints.trust(str(file))
    return str(file)


def _take(file: str, trusted: bool) -> None:
    """Make sure that a checkpoint loads, by pickle if it is trusted."""
    checkpoints.require_sound(file, trusted)
    if trusted:
        checkpoints.trust(file)
