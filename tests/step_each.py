"""Two steps of each config: step_each.py ROOT CONFIG … prints JSON lines.

ROOT holds a small data set of the kind that the configs train on, and gets
their work directories.
"""
from __future__ import annotations

import json
import sys
from pathlib import Path

import shortcuts  # noqa: F401
import torch
from hosts import DIM, hand_over_after, write_random_targets
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmpretrain.registry import MODELS

import mmrela  # noqa: F401

BATCH = 4
COMMON = {
    'train_dataloader.batch_size': BATCH,
    'train_dataloader.num_workers': 0,
    'train_dataloader.persistent_workers': False,
    'train_dataloader.dataset.indices': 2 * BATCH,
    'train_cfg.max_epochs': 1,
    'log_level': 'ERROR',
}


class Views(Hook):
    """Notes each batch's stage, the sides of its views, and its loss."""

    def __init__(self) -> None:
        self.seen = []

    def after_train_iter(self, runner: Runner, batch_idx: int,
                         data_batch: dict, outputs: dict) -> None:
        inputs = data_batch['inputs']
        views = [inputs] if isinstance(inputs, torch.Tensor) else inputs
        self.seen.append(dict(
            rela='rela_target' in data_batch['data_samples'][0],
            sides=[list(view.shape[-2:]) for view in views],
            finite=bool(outputs['loss'].isfinite())))


def pretraining(cfg: Config, root: Path) -> None:
    """Let the first step be RELA's and the second the host's."""
    options = {key.replace('__', '.'): value
               for key, value in hand_over_after(1, 2).items()}
    cfg.merge_from_dict({
        **options, 'model.rela_head.out_channels': DIM,
        'train_dataloader.dataset.targets': str(root / 'targets')})
    if not (root / 'targets').exists():
        write_random_targets(cfg)


def linear(cfg: Config, root: Path) -> None:
    """Start from a backbone that is there, and do not validate."""
    backbone = dict(cfg.model.backbone, init_cfg=None, frozen_stages=-1)
    model = MODELS.build(backbone)
    state = {f'backbone.{k}': v for k, v in model.state_dict().items()}
    torch.save(dict(state_dict=state), root / 'backbone.pth')
    cfg.model.backbone.init_cfg.checkpoint = str(root / 'backbone.pth')
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    cfg.test_cfg = cfg.test_dataloader = cfg.test_evaluator = None


def steps(config: str, root: Path) -> dict:
    cfg = Config.fromfile(config)
    cfg.merge_from_dict({
        **COMMON, 'train_dataloader.dataset.data_root': str(root),
        'work_dir': str(root / Path(config).stem)})
    cfg.experiment_name = Path(config).stem
    if cfg.optim_wrapper.type == 'AmpOptimWrapper':  # for GPUs only
        cfg.optim_wrapper = dict(
            type='OptimWrapper', optimizer=cfg.optim_wrapper.optimizer)
    (pretraining if 'rela_head' in cfg.model else linear)(cfg, root)
    runner = Runner.from_cfg(cfg)
    views = Views()
    runner.register_hook(views)
    runner.train()
    return dict(config=config, seen=views.seen)


if __name__ == '__main__':
    init_default_scope('mmpretrain')
    for file in sys.argv[2:]:
        print('STEPS', json.dumps(steps(file, Path(sys.argv[1]))), flush=True)
