"""What a training will take, told without training."""
from __future__ import annotations

import gc
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook, EarlyStoppingHook
from mmpretrain.registry import HOOKS, TASK_UTILS

from mmrela.engine.scores.online_score import OnlineScoreHook
from mmrela.resolve import resolve

from . import typos
from .plan import Plan, disk_of, memory_of, time_of
from .run import built
from .steps import EnoughError, Stage, StepsHook
from .window import window

LEFT_OUT = CheckpointHook, EarlyStoppingHook, OnlineScoreHook
VALIDATION = [f'{split}_{part}' for split in ('val', 'test')
              for part in ('dataloader', 'cfg', 'evaluator')]


def dry_run(cfg: Config) -> str:
    """Steps, hand-over, time, memory and disk of a whole training.

    All processes take a few real steps of each stage, in a folder that is
    removed; nothing is scored or saved.

    Args:
        cfg: Of the training.

    Returns:
        Lines for the user; nothing on other ranks than the first.

    Raises:
        UserError: what the training would refuse.
    """
    typos.warn(cfg)
    stages = {}
    for name, lam in stages_of(cfg).items():
        plan, stages[name] = measured(cfg, lam)
    if not is_main_process():
        return ''
    lines, found, fade = [plan.tell()], None, 0
    if schedule := schedule_of(cfg):
        fade = cfg.default_hooks.rela.get('fade', 0)
        found = window(
            TASK_UTILS.build(schedule), plan.steps, plan.accumulation)
        lines.append(f'hand-over: {found.tell(plan.steps)}')
    return '\n'.join([*lines, time_of(plan, stages, found, fade),
                      memory_of(plan, stages, torch.cuda.is_available()),
                      disk_of(cfg, plan, stages)]) + '\n'


def schedule_of(cfg: Config) -> dict | None:
    """The rule for λ; ``None`` of a training without RELA."""
    hook = cfg.get('default_hooks', {}).get('rela')
    return hook and deepcopy(
        hook.get('schedule') or dict(type='AdaptiveLambda'))


def stages_of(cfg: Config) -> dict[str, int | None]:
    """Names of the stages that there will be, and their λ."""
    schedule = schedule_of(cfg)
    if schedule is None:
        return {'the training': None}
    fraction = schedule.get('fraction')
    return {name: lam for name, lam in (("RELA's stage", 1),
                                        ("the host's", 0))
            if fraction != 1 - lam}


def measured(cfg: Config, lam: int | None) -> tuple[Plan, Stage]:
    """Train a few steps of a stage."""
    stage = Stage()
    with TemporaryDirectory(prefix='dry_run') as folder, built(
            of_stage(cfg, lam, folder)) as runner:
        runner.register_hook(StepsHook(stage, lam))
        with suppress(EnoughError):
            runner.train()
        plan = Plan.of(runner)
        # Left to the garbage collector, torch waits for each worker.
        runner.train_dataloader._iterator = None
        runner.train_loop.dataloader_iterator = None
    del runner
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return plan, stage


def of_stage(cfg: Config, lam: int | None, folder: str) -> Config:
    """The config of a training that is in one stage, and leaves nothing."""
    cfg = deepcopy(cfg)
    # By its name, and the second, mmengine finds the writers of a run.
    cfg.merge_from_dict(dict(
        work_dir=folder, resume=False, log_level='ERROR',
        experiment_name=Path(folder).name))
    cfg.visualizer = None  # which might report elsewhere
    for name in VALIDATION:
        cfg[name] = None
    hooks = cfg.setdefault('default_hooks', {})
    for name in [name for name in hooks if is_left_out(hooks[name])]:
        del hooks[name]
    hooks.checkpoint = None  # mmengine would add its own
    cfg.custom_hooks = [hook for hook in cfg.get('custom_hooks') or []
                        if not is_left_out(hook)]
    if lam is not None:
        hooks.rela.schedule = dict(type='FixedLambda', fraction=lam)
    return cfg


def is_left_out(hook: object) -> bool:
    """Whether a hook would score or save, by its config or itself."""
    kind = resolve(hook.get('type'), HOOKS) if isinstance(
        hook, dict) else type(hook)
    return isinstance(kind, type) and issubclass(kind, LEFT_OUT)
