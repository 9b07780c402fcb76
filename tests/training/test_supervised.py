"""Without a RELA stage a classifier is mmpretrain's own, to the bit."""
from __future__ import annotations

import torch
from hosts import hand_over_after, small_config
from mmengine.config import Config
from mmpretrain.registry import MODELS
from recorder import train


def own_classifier(cfg: Config) -> Config:
    """The recipe itself; views are drawn by nobody, images are mixed."""
    cfg = cfg.copy()
    cfg.model.type = cfg.model.pop('host')
    cfg.model.pop('rela_head')
    dataset = cfg.train_dataloader.dataset
    dataset.type = dataset.pop('host')
    for key in ('targets', 'rela_pipeline'):
        dataset.pop(key)
    cfg.train_dataloader.sampler = dict(type='BudgetSampler')
    cfg.default_hooks.pop('rela')
    cfg.work_dir += '_own'
    cfg.experiment_name += '_own'
    return cfg


def test_the_plain_classifier_and_who_starts_from_it(cifar_root, tmp_path):
    cfg = small_config(
        'ImageClassifier', cifar_root, tmp_path / 'work',
        param_scheduler=dict(type='MultiStepLR', milestones=[1], gamma=0.1),
        train_cfg__max_epochs=2, randomness__seed=0,
        train_dataloader__dataset__pipeline=[dict(type='PackInputs')],
        **hand_over_after(0, 16))
    ours, theirs = (train(each)[0] for each in (cfg, own_classifier(cfg)))
    assert type(theirs.model).__name__ == 'ImageClassifier'
    state = ours.model.state_dict()
    for name, value in theirs.model.state_dict().items():
        assert torch.equal(value, state[name]), name
    accuracy, own = (runner.message_hub.get_scalar('val/accuracy/top1')
                     for runner in (ours, theirs))
    assert accuracy.current() == own.current()
    finetune = Config.fromfile('configs/finetune/resnet18_cifar10.py').model
    finetune.backbone = dict(cfg.model.backbone, init_cfg=dict(
        finetune.backbone.init_cfg, checkpoint=f'{cfg.work_dir}/epoch_2.pth'))
    backbone = MODELS.build(finetune.backbone)
    backbone.init_weights()
    for name, value in backbone.state_dict().items():
        assert torch.equal(value, state[f'backbone.{name}']), name
