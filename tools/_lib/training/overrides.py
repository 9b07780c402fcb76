"""What the command line of a training changes in its config."""
from __future__ import annotations

import argparse
import os

from mmengine.config import Config

from mmrela.engine import checkpoints, latest


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
    checkpoint = _resume_from(args, cfg)
    if checkpoint:
        cfg.load_from, cfg.resume = checkpoint, True
    elif not cfg.get('load_from'):
        cfg.resume = False
    elif '://' not in cfg.load_from:
        _take(cfg.load_from, args.trust_checkpoint)
    return cfg


def _resume_from(args: argparse.Namespace, cfg: Config) -> str | None:
    """The checkpoint that ``--resume`` means, if there is one.

    A config's ``resume = True`` without ``load_from`` means the newest.
    """
    if args.resume not in (None, 'auto'):
        _take(args.resume, args.trust_checkpoint)
        return args.resume
    if not args.resume and (cfg.get('load_from') or not cfg.get('resume')):
        return None
    file = latest.newest_sound(cfg.work_dir, latest.checkpoint_hooks(cfg),
                               args.trust_checkpoint)
    if file and args.trust_checkpoint:
        checkpoints.trust(file)
    _say(f'resuming from {file}' if file else
         f'no checkpoint of {cfg.work_dir}: training begins afresh')
    return file


def _say(text: str) -> None:
    """Print on the first rank; ranks have not met yet."""
    if not any(int(os.environ.get(name, 0)) for name in (
            'RANK', 'SLURM_PROCID', 'OMPI_COMM_WORLD_RANK')):
        print(text, flush=True)


def _take(file: str, trusted: bool) -> None:
    """Make sure that a checkpoint loads, by pickle if it is trusted."""
    checkpoints.require_sound(file, trusted)
    if trusted:
        checkpoints.trust(file)
