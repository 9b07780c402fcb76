"""The one table of hosts that train, resume and DDP tests run."""
from __future__ import annotations

import itertools
from copy import deepcopy
from pathlib import Path

import numpy as np
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain.registry import DATASETS

from mmrela.targets import Manifest, TargetStore, hash_ids, write_store

CONFIGS = Path(__file__).parents[1] / 'configs'
DIM = 16  # of the targets in tests

# mmengine's runs of one name and second share their log and pictures.
_NUMBERS = itertools.count()

_PREDICTOR = {
    'model.head.predictor.in_channels': 16,
    'model.head.predictor.hid_channels': 32,
    'model.head.predictor.out_channels': 16,
}
_QUEUE = {'model.queue_len': 64, 'model.feat_dim': 16}
_RESNET = {
    'model.backbone.type': 'ResNet',
    'model.backbone.base_channels': 8,
    'model.backbone.stem_channels': 8,
    'model.backbone.norm_cfg.type': 'BN',
    'model.neck.in_channels': 64,
    'model.neck.hid_channels': 32,
    'model.neck.out_channels': 16,
}


def _on_cifar(side: int, *hiding: dict) -> dict:
    """What lets an ImageNet leaf with a mask train on CIFAR-10."""
    return {
        'train_dataloader.dataset.host': 'CIFAR10Binary',
        'train_dataloader.dataset.pipeline': [
            dict(type='RandomResizedCrop', scale=side),
            dict(type='RandomFlip', prob=0.5), *hiding,
            dict(type='PackInputs')],
        'train_dataloader.dataset.rela_pipeline.0.transforms.0.0.scale': side,
        'optim_wrapper': dict(  # mixed precision is for GPUs
            _delete_=True, type='OptimWrapper',
            optimizer=dict(type='AdamW', lr=1e-3)),
        'resume': False,
    }


_MAE = {
    **_on_cifar(32),
    'model.backbone.arch': dict(
        _delete_=True, embed_dims=24, num_layers=2, num_heads=2,
        feedforward_channels=48),
    'model.backbone.img_size': 32,
    'model.backbone.patch_size': 8,
    'model.neck.num_patches': 16,
    'model.neck.patch_size': 8,
    'model.neck.embed_dim': 24,
    'model.neck.decoder_embed_dim': 16,
    'model.neck.decoder_depth': 1,
    'model.neck.decoder_num_heads': 2,
    'model.head.patch_size': 8,
}
_SIMMIM = {
    **_on_cifar(32, dict(
        type='SimMIMMaskGenerator', input_size=32, mask_patch_size=8,
        model_patch_size=4, mask_ratio=0.6)),
    'model.backbone.arch': dict(
        _delete_=True, embed_dims=8, depths=[1] * 4, num_heads=[1, 1, 2, 2]),
    'model.backbone.img_size': 32,
    'model.backbone.drop_path_rate': 0,
    'model.backbone.stage_cfgs.block_cfgs.window_size': 1,
    'model.neck.in_channels': 64,
}
# Its images are mixed, which draws random numbers in the main process.
_CLASSIFIER = {
    'model.backbone.type': 'ResNet',
    'model.backbone.base_channels': 8,
    'model.backbone.stem_channels': 8,
    'model.backbone.zero_init_residual': False,
    'model.head.in_channels': 64,
    'model.train_cfg': dict(augments=dict(type='CutMix', alpha=1.)),
    'optim_wrapper': dict(
        _delete_=True, type='OptimWrapper',
        optimizer=dict(type='AdamW', lr=1e-3)),
    'train_cfg.val_interval': 100,  # after the last epoch
    'val_dataloader.dataset.indices': 16,
    'val_dataloader.num_workers': 0,
    'val_dataloader.persistent_workers': False,
    'resume': False,
}

# A recipe of steps, of epochs, and with an end of its own.
RECIPE = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=3),
    dict(type='CosineAnnealingLR', by_epoch=True, convert_to_iter_based=True),
    dict(type='MultiStepLR', milestones=[1], gamma=0.5),
]
# host -> config, and what makes its model small
HOSTS = dict(
    BYOL=('byol_rela_r18_cifar10.py', _PREDICTOR),
    MoCo=('mocov2_rela_r18_cifar10.py', _QUEUE),
    MoCoV3=('mocov3_rela_r18_cifar10.py', _PREDICTOR),
    SimSiam=('simsiam_rela_r18_cifar10.py', _PREDICTOR),
    SimCLR=('simclr_rela_r18_cifar10.py', {}),
    SwAV=('swav_rela_r18_cifar10.py', {
        'model.head.loss.feat_dim': 16,
        'model.head.loss.num_prototypes': 12,
        'custom_hooks.0.feat_dim': 16,
        'custom_hooks.0.frozen_layers_cfg.prototypes': 2,
    }),
    BarlowTwins=('barlowtwins_rela_r18_cifar10.py', {
        'model.head.in_channels': 16,
    }),
    DenseCL=('densecl_rela_r18_cifar10.py', _QUEUE),
    VICReg=('vicreg_rela_r18_cifar10.py', {}),
    DINO=('dino_rela_r18_cifar10.py', {
        'model.head.out_channels': 16,
        'model.head.warmup_iters': 6,
        'model.freeze_last_layer': 3,
    }),
    MAE=('mae_rela_vitb_in1k.py', _MAE),
    SimMIM=('simmim_rela_swinb_in1k.py', _SIMMIM),
    ImageClassifier=('resnet18_rela_cifar10.py', _CLASSIFIER))
# Those that hide a part of one view; the others have two views, and
# classifiers one with a label.
MASKED = 'MAE', 'SimMIM'
LABELLED = 'ImageClassifier',

_SMALL = {
    'model.rela_head.out_channels': DIM,
    'train_dataloader.batch_size': 8,
    'train_dataloader.num_workers': 0,
    'train_dataloader.persistent_workers': False,
    'train_dataloader.dataset.indices': 64,
    'default_hooks.rela.lr': 2e-3,
    'default_hooks.logger.interval': 1,
    'default_hooks.checkpoint.interval': 1,
    'env_cfg.cudnn_benchmark': False,
    'log_level': 'ERROR',
}


def small_options(host: str, cifar_root: Path, work_dir: Path,
                  **options) -> dict:
    """What makes the host's own config a small network's, on 64 images.

    Options take ``__`` for the dots of ``--cfg-options``.
    """
    return {
        **_SMALL, **({} if host in (*MASKED, *LABELLED) else _RESNET),
        **deepcopy(HOSTS[host][1]),  # merging pops each `_delete_`
        'train_dataloader.dataset.data_root': str(cifar_root),
        'train_dataloader.dataset.targets': str(work_dir.parent / 'targets'),
        **({f'{split}_dataloader.dataset.data_root': str(cifar_root)
            for split in ('val', 'test')} if host in LABELLED else {}),
        'work_dir': str(work_dir),
        'experiment_name': f'{host}-{next(_NUMBERS)}',
        **{key.replace('__', '.'): v for key, v in options.items()}
    }


def small_config(host: str, cifar_root: Path, work_dir: Path,
                 **options) -> Config:
    """The host's own config with :func:`small_options`.

    Targets (random vectors) are written beside the work dir.
    """
    init_default_scope('mmpretrain')
    cfg = Config.fromfile(CONFIGS / HOSTS[host][0])
    cfg.param_scheduler = options.pop(
        'param_scheduler', cfg.get('param_scheduler') or RECIPE)
    if host == 'DenseCL':
        cfg.custom_hooks = [dict(type='DenseCLHook', start_iters=2)]
    cfg.merge_from_dict(small_options(host, cifar_root, work_dir, **options))
    if not Path(cfg.train_dataloader.dataset.targets).exists():
        write_random_targets(cfg)
    return cfg


def small_arguments(*arguments, **options) -> list[str]:
    """:func:`small_config` for a command line that names the config."""
    small_config(*arguments, **options)
    changed = small_options(*arguments, **options)
    return ['--cfg-options', *(f'{k}={v}' for k, v in changed.items())]


def hand_over_after(steps: int, total: int) -> dict:
    """Options that let λ fall after ``steps`` of ``total`` steps."""
    rule = 'default_hooks__rela__schedule__'
    return {f'{rule}type': 'FixedLambda', f'{rule}fraction': steps / total,
            f'{rule}total_steps': total}


def write_random_targets(cfg: Config) -> TargetStore:
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    vectors = np.random.default_rng(0).normal(size=(len(dataset), DIM))
    return write_store(dataset.targets, [vectors], Manifest(
        *vectors.shape, 'float32', hash_ids(dataset.sample_ids()),
        prior=dict(name='noise'), pca=dict(normalize='center')))
