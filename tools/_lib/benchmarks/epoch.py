"""Whole epochs: ours and plain mmpretrain's through the Runner, lightly's."""
from __future__ import annotations

from copy import deepcopy
from importlib.util import find_spec
from pathlib import Path

from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmrela.errors import UserError
from mmrela.pictures.hue import mended_hue

from .plan import Plan, Ratio
from .variants import on_cpu, on_device, one_stage, plain_host, with_noise

PLAIN = 'plain mmpretrain'


def plan(cfg: Config, folder: Path, rounds: int) -> Plan:
    """Epochs of both stages on either path, after one that does not count.

    Args:
        cfg: Any leaf; its budget counts as 100 %.
        folder: Where random targets and logs go.
        rounds: How many epochs count.

    Raises:
        UserError: none of them can run; says why the plain host's cannot.
    """
    cfg = with_noise(cfg, folder / 'targets')
    cfg.train_dataloader.sampler.ratio = 1.0
    cpu, gpu = on_cpu(cfg), on_device(cfg)
    variants = {
        PLAIN: plain_host(cpu),
        "host's epoch, CPU path": one_stage(cpu, 0),
        "host's epoch, device path": one_stage(gpu, 0),
        'RELA epoch, CPU path': one_stage(cpu, 1),
        'RELA epoch, device path': one_stage(gpu, 1)}
    cases, missing, runner = {}, {}, None
    for name, variant in variants.items():
        try:
            runner = started(variant, folder, name, rounds)
        except UserError as e:
            missing[name] = str(e)
            continue
        cases[name] = mended_hue()(runner.train_loop.run_epoch)
    _add_lightly(cfg, cases, missing)
    if runner is None:
        raise UserError(missing[PLAIN])
    loader = runner.train_dataloader
    return Plan(
        f'Epoch of {cfg.filename}', cases,
        [Ratio(f'{name} / {PLAIN}', name, PLAIN) for name in cases
         if name != PLAIN],
        len(loader) * cfg.train_dataloader.batch_size, 0, missing)


def started(cfg: Config, folder: Path, name: str, rounds: int) -> Runner:
    """A Runner whose first epoch is over; no checkpoints are written."""
    cfg = deepcopy(cfg)
    cfg.work_dir = str(folder / 'work')
    cfg.experiment_name = f'{name} in {folder.name}'
    cfg.log_level = 'ERROR'
    cfg.train_cfg.max_epochs = 1 + rounds
    cfg.default_hooks.checkpoint = None
    runner = Runner.from_cfg(cfg)
    runner.register_hook(_Pause())
    with mended_hue():  # the plain host has no data set of ours to do it
        runner.train()
    return runner


class _Pause(Hook):
    """Gives the caller the loop, to go on epoch by epoch."""

    def after_train_epoch(self, runner: Runner) -> None:
        runner.train_loop.stop_training = True


def _add_lightly(cfg: Config, cases: dict, missing: dict) -> None:
    if cfg.model.host != 'BYOL':
        missing['lightly'] = f'no {cfg.model.host} was written for it here'
    elif find_spec('lightly') is None:
        missing['lightly'] = "not installed: pip install -e '.[benchmark]'"
    else:
        from .baselines.lightly_byol import LightlyBYOL
        cases['lightly'] = LightlyBYOL(cfg).epoch
        cases['lightly']()
