"""Trainings by two ranks, in one launch."""
from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from forked import run_ranks
from mmengine.config import Config
from mmengine.logging import MessageHub, MMLogger
from recorder import train

from mmrela.engine.cpu_ranks import init_cpu_ranks
from mmrela.engine.hooks import AdaptiveLambdaHook


def train_on_two_ranks(folders: Sequence[Path], tmp_path: Path) -> list[str]:
    """Train in each folder, as its ``config.py`` says.

    A folder gets ``rank0.json`` and ``rank0.pth``, what the rank saw and its
    last parameters, and the same of rank 1.

    Returns:
        What each rank printed to stderr.
    """
    def work(rank: int) -> None:
        MMLogger._instance_dict.clear()  # of the process that was forked
        MessageHub._instance_dict.clear()
        for folder in folders:
            _train(folder, rank)

    codes, said = run_ranks(work, 2, tmp_path)
    assert codes == [0, 0], said
    return said


def _train(folder: Path, rank: int) -> None:
    cfg = Config.fromfile(folder / 'config.py')
    cfg.launcher = 'pytorch'
    init_cpu_ranks(cfg)
    runner, recorder = train(cfg)
    hook = AdaptiveLambdaHook.of(runner)
    (folder / f'rank{rank}.json').write_text(json.dumps(dict(
        stages=recorder.stages, switch_step=hook.switch_step,
        state=hook.schedule.state_dict())))
    # BN's running statistics are each rank's own without SyncBN.
    parameters = dict(runner.model.module.named_parameters())
    torch.save({k: v.detach() for k, v in parameters.items()},
               folder / f'rank{rank}.pth')
