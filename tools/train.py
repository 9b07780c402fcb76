"""Train a config; the command line is that of mmpretrain's tools/train.py."""
from __future__ import annotations

import argparse
import json
import os
import platform
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.runner import Runner

from _lib.cli import run
from _lib.config import add_config_arguments, load_config, misspelt
from _lib.runnable import require_runnable
from mmrela.engine import checkpoints, cpu_ranks
from mmrela.engine.runners import build_runner
from mmrela.files.atomic import remove_leftovers, write_atomically


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_config_arguments(parser)
    parser.add_argument('--work-dir', help='where logs and checkpoints go')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        metavar='CHECKPOINT',
        help='resume from this file, or from the newest in the work dir')
    parser.add_argument(
        '--trust-checkpoint',
        action='store_true',
        help='unpickle the file of --resume or load_from, which may run code')
    parser.add_argument(
        '--amp', action='store_true', help='automatic mixed precision')
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate by the real batch size')
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='what started this process')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0,
                        help=argparse.SUPPRESS)
    args = parser.parse_args()
    os.environ.setdefault('LOCAL_RANK', os.environ.get(
        'OMPI_COMM_WORLD_LOCAL_RANK', str(args.local_rank)))
    return args


def merge(cfg: Config, args: argparse.Namespace) -> Config:
    """Let the command line override the config."""
    cfg.launcher = args.launcher
    if args.work_dir:
        cfg.work_dir = args.work_dir
    if args.amp:
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
    if args.auto_scale_lr:
        cfg.setdefault('auto_scale_lr', {})['enable'] = True
    if args.resume:
        checkpoint = resume_from(args, cfg.work_dir)
        if checkpoint:
            cfg.load_from, cfg.resume = checkpoint, True
    elif cfg.get('load_from') and '://' not in cfg.load_from:
        take(cfg.load_from, args.trust_checkpoint)
    return cfg


def resume_from(args: argparse.Namespace, work_dir: str) -> str | None:
    """The checkpoint that ``--resume`` means, if there is one."""
    if args.resume != 'auto':
        take(args.resume, args.trust_checkpoint)
        return args.resume
    file = checkpoints.newest_sound(work_dir, args.trust_checkpoint)
    if file is None:
        print(f'no checkpoint in {work_dir}: training begins afresh',
              flush=True)
        return None
    if args.trust_checkpoint:
        checkpoints.trust(str(file))
    return str(file)


def take(file: str, trusted: bool) -> None:
    """Make sure that a checkpoint loads, by pickle if it is trusted."""
    checkpoints.require_sound(file, trusted)
    if trusted:
        checkpoints.trust(file)


def write_summary(runner: Runner) -> None:
    """Leave what a report needs in ``WORK_DIR/train.json``.

    ``train_seconds`` is the time of all steps, loading included, also of
    those before a resume; checkpoints and evaluation are not counted.
    """
    hook = next((h for h in runner.hooks if hasattr(h, 'switch_step')), None)
    times = runner.message_hub.log_scalars.get('train/time')
    summary = dict(
        steps=runner.iter,
        train_seconds=times and round(times.mean() * runner.iter, 1),
        switch_step=hook and hook.switch_step,
        seed=runner.seed,
        device=torch.cuda.get_device_name() if torch.cuda.is_available()
        else f'CPU ({platform.machine()})',
        threads=torch.get_num_threads())
    write_atomically(
        Path(runner.work_dir) / 'train.json', json.dumps(summary).encode())


def main() -> None:
    args = parse_args()
    cfg = merge(load_config(args), args)
    require_runnable(cfg)
    cpu_ranks.init_cpu_ranks(cfg)
    with misspelt(args.config):
        runner = build_runner(cfg)
        if is_main_process():  # the only one that writes checkpoints
            remove_leftovers(runner.work_dir)
        runner.train()
    if is_main_process():
        write_summary(runner)


if __name__ == '__main__':
    run(main)
