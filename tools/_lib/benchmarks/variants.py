"""Other ways to run a leaf: without RELA, on the device, on noise."""
from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import numpy as np
from mmengine.config import Config
from mmpretrain.registry import DATASETS

from mmrela.targets import BLOCK, Manifest, hash_ids, write_store

DEVICE_LOADER = Path(__file__).parents[3] / 'configs/_base_/device.py'


def plain_host(cfg: Config) -> Config:
    """The host with its own data set, mmengine's sampler and nothing of us."""
    cfg = deepcopy(cfg)
    cfg.model.type = cfg.model.pop('host')
    cfg.model.pop('rela_head')
    loader = cfg.train_dataloader
    loader.sampler = dict(type='DefaultSampler', shuffle=True)
    loader.dataset.type = loader.dataset.pop('host')
    for key in ('targets', 'rela_pipeline', 'prior', 'late_decoding',
                'view_epochs'):
        loader.dataset.pop(key, None)
    for name in ('rela', 'determinism', 'plain_checkpoint', 'seconds'):
        cfg.default_hooks.pop(name, None)
    return cfg


def on_cpu(cfg: Config) -> Config:
    """The leaf with mmpretrain's views, by workers or without."""
    cfg = deepcopy(cfg)
    cfg.train_dataloader.dataset.type = 'RelaTargetDataset'
    cfg.train_dataloader.collate_fn = dict(type='default_collate')
    return cfg


def on_device(cfg: Config) -> Config:
    """The leaf with batched views, where the model is."""
    cfg = deepcopy(cfg)
    loader = Config.fromfile(DEVICE_LOADER).device_loader
    cfg.train_dataloader.pop('prefetch_factor', None)  # there are no workers
    cfg.merge_from_dict(dict(train_dataloader=loader))
    return cfg


def one_stage(cfg: Config, lam: int) -> Config:
    """RELA from beginning to end (λ = 1), or the host (λ = 0)."""
    cfg = deepcopy(cfg)
    cfg.default_hooks.rela.schedule = dict(type='FixedLambda', fraction=lam)
    return cfg


def with_noise(cfg: Config, directory: Path) -> Config:
    """The leaf with random targets, which are as fast as any."""
    cfg = on_cpu(cfg)
    settings = cfg.train_dataloader.dataset
    settings.targets, settings.prior = str(directory), None
    dataset = DATASETS.build(deepcopy(settings))
    count, dim = len(dataset), cfg.model.rela_head.out_channels
    rng = np.random.default_rng(0)
    blocks = (rng.normal(size=(min(BLOCK, count - row), dim))
              for row in range(0, count, BLOCK))
    write_store(directory, blocks, Manifest(
        count, dim, ids=hash_ids(dataset.sample_ids()),
        prior=dict(name='noise'), pca=dict(normalize='center')))
    return cfg
