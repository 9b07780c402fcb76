"""A training from its config to the summary that it leaves."""
from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.runner import Runner

from mmrela.config.misspelt import misspelt
from mmrela.engine import cpu_ranks, latest
from mmrela.engine.hooks import AdaptiveLambdaHook
from mmrela.engine.runners import build_runner
from mmrela.files.atomic import remove_leftovers, write_atomically
from mmrela.pictures.hue import mended_hue

from . import typos
from .pretrained import require_loadable
from .runnable import require_runnable


def train(cfg: Config) -> None:
    """Train, and leave ``WORK_DIR/train.json``.

    Raises:
        UserError: the config, or this machine, lacks something.
    """
    typos.warn(cfg)
    with built(cfg) as runner:
        if is_main_process():  # the only one that writes checkpoints
            for folder in latest.folders(
                    runner.work_dir, latest.checkpoint_hooks(cfg)):
                remove_leftovers(folder)
        runner.train()
    if is_main_process():
        write_summary(runner)


@contextmanager
def built(cfg: Config) -> Iterator[Runner]:
    """A config's runner, to be trained within.

    Raises:
        UserError: the config, or this machine, lacks something.
    """
    require_runnable(cfg)
    cpu_ranks.init_cpu_ranks(cfg)
    with misspelt(cfg.filename), mended_hue():  # configs without RELA, too
        require_loadable(cfg)
        yield build_runner(cfg)


def write_summary(runner: Runner) -> None:
    """Leave what a report needs in ``WORK_DIR/train.json``.

    ``train_seconds`` is the time of all steps, loading included, also of
    those before a resume; not of those that a kill undid, and neither of
    checkpoints nor of evaluation. ``accuracy_top1`` is that of the last
    validation of a classifier.
    """
    hook = AdaptiveLambdaHook.of(runner)
    times = runner.message_hub.log_scalars.get('train/time')
    summary = dict(
        steps=runner.iter,
        train_seconds=times and round(times.mean() * runner.iter, 1),
        switch_step=hook and hook.switch_step,
        seed=runner.seed,
        device=torch.cuda.get_device_name() if torch.cuda.is_available()
        else f'CPU ({platform.machine()})',
        threads=torch.get_num_threads())
    accuracy = runner.message_hub.log_scalars.get('val/accuracy/top1')
    if accuracy is not None:
        summary['accuracy_top1'] = round(accuracy.current(), 2)
    write_atomically(
        Path(runner.work_dir) / 'train.json', json.dumps(summary).encode())
