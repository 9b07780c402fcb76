"""Two steps of each config: step_each.py ROOT CONFIG … prints JSON lines.

ROOT holds a small data set of the kind that the configs train on, and gets
their work directories.
"""
from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import shortcuts  # noqa: F401
import torch
from hosts import DIM, hand_over_after, write_random_targets
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain.registry import MODELS
from recorder import train

import mmrela  # noqa: F401

BATCH = 4
COMMON = {
    'train_dataloader.batch_size': BATCH,
    'train_dataloader.num_workers': 0,
    'train_dataloader.persistent_workers': False,
    'train_dataloader.dataset.indices': 2 * BATCH,
    'train_cfg.max_epochs': 1,
    'log_level': 'ERROR',
    'default_hooks.checkpoint.save_last': False,  # 100 MB each
    'default_hooks.checkpoint.interval': 2,
}


def pretraining(cfg: Config, root: Path) -> None:
    """Let the first step be RELA's and the second the host's.

    A classifier's validation is not asked for.
    """
    cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    cfg.test_cfg = cfg.test_dataloader = cfg.test_evaluator = None
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
    if cfg.optim_wrapper.get('type') == 'AmpOptimWrapper':  # for GPUs only
        cfg.optim_wrapper = dict(
            type='OptimWrapper', optimizer=cfg.optim_wrapper.optimizer)
    (pretraining if 'rela_head' in cfg.model else linear)(cfg, root)
    _, seen = train(cfg)
    return dict(config=config, seen=[
        dict(rela=stage == 'rela', sides=sides,
             finite=math.isfinite(losses['loss']))
        for stage, sides, losses in zip(seen.stages, seen.sides,
                                        seen.losses)])


if __name__ == '__main__':
    init_default_scope('mmpretrain')
    for file in sys.argv[2:]:
        print('STEPS', json.dumps(steps(file, Path(sys.argv[1]))), flush=True)
