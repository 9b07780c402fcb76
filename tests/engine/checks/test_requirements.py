"""What a training lacks for RELA is said before its first step."""
import math

import pytest
import torch
from hosts import hand_over_after, small_config
from mmengine.config import ConfigDict
from mmengine.optim import (
    DefaultOptimWrapperConstructor,
    OptimWrapper,
    OptimWrapperDict,
)
from mmengine.registry import (
    DATA_SAMPLERS,
    LOOPS,
    OPTIM_WRAPPER_CONSTRUCTORS,
)
from mmengine.runner import BaseLoop, Runner
from recorder import train
from torch.utils.data import BatchSampler

from mmrela.engine.checks.requirements import FiniteLoss
from mmrela.errors import UserError


def plain_sampler(cfg):
    cfg.train_dataloader.sampler = dict(type='DefaultSampler', shuffle=True)


def plain_dataset(cfg):
    dataset = cfg.train_dataloader.dataset
    cfg.train_dataloader.dataset = dict(
        type=dataset.host, data_root=dataset.data_root, split='train')


def plain_host(cfg):
    cfg.model.type = cfg.model.pop('host')
    del cfg.model['rela_head']


@LOOPS.register_module(force=True)
class OwnLoop(BaseLoop):
    epoch, iter, max_epochs, max_iters = 0, 0, 1, 4

    def run(self):
        self.runner.call_hook('before_train')


def own_loop(cfg):
    cfg.train_cfg = ConfigDict(type='OwnLoop')


@DATA_SAMPLERS.register_module(force=True)
class ByShape(BatchSampler):
    """Stands for one that puts images of like shapes together."""


def own_batches(cfg):
    del cfg.train_dataloader['drop_last']
    cfg.train_dataloader.batch_sampler = dict(type='ByShape', drop_last=True)


def too_many(cfg):
    cfg.train_dataloader.num_batch_per_epoch = 9


def small_epoch(cfg):
    cfg.train_dataloader.batch_size = 65
    cfg.param_scheduler = []  # mmengine refuses those of epochs before us


def lone_image(cfg):
    cfg.train_dataloader.update(batch_size=21, drop_last=False)


def batches_of_one(cfg):
    cfg.train_dataloader.batch_size = 1


@OPTIM_WRAPPER_CONSTRUCTORS.register_module(force=True)
class ByHand(DefaultOptimWrapperConstructor):
    """What a constructor may do that lists the parts of a model."""

    def __call__(self, model):
        parts = [OptimWrapper(torch.optim.SGD(part.parameters(), 0.1))
                 for part in (model.backbone, model.head)]
        return OptimWrapperDict(
            backbone=parts[0], head=parts[1]) if self.paramwise_cfg else (
                parts[0])


def two_optimisers(cfg):
    head_forgotten(cfg)
    cfg.optim_wrapper.paramwise_cfg = dict(each=True)


def head_forgotten(cfg):
    cfg.optim_wrapper.constructor = 'ByHand'


@pytest.mark.parametrize('change, reason', [
    (two_optimisers, 'with one optimiser, not OptimWrapperDict: let '
     'optim_wrapper.constructor'),
    (head_forgotten, 'leaves out model.rela_head, .*optim_wrapper.con'),
    (plain_sampler, 'sampler.type=RelaSampler'),
    (plain_dataset, 'dataset.type=RelaTargetDataset'),
    (plain_host, r"model = dict\(type='Rela', host='BYOL'"),
    (own_loop, 'not know train_cfg.type=OwnLoop: take EpochBasedTrainLoop'),
    (own_batches, 'ByShape might .* remove train_dataloader.batch_sampler'),
    (too_many, 'num_batch_per_epoch asks for 72 samples, .* has 64'),
    (small_epoch, 'no batch: 64 samples a rank .*batch_size=65'),
    (lone_image, '64 samples a rank .*batch_size=21, .*drop_last=True'),
    (batches_of_one, 'batch_size=1, .* another batch_size'),
])
def test_refused(change, reason, cifar_root, tmp_path):
    cfg = small_config('BYOL', cifar_root, tmp_path / 'work')
    change(cfg)
    runner = Runner.from_cfg(cfg)
    with pytest.raises(UserError, match=reason):
        runner.train()
    assert runner.iter == 0


def test_a_network_without_batch_norm_takes_one_image(cifar_root, tmp_path):
    cfg = small_config('BYOL', cifar_root, tmp_path / 'work',
                       train_cfg__max_epochs=1, **hand_over_after(2, 4))
    lone_image(cfg)
    norm = dict(type='GN', num_groups=4)
    cfg.model.backbone.norm_cfg = norm
    for neck in (cfg.model.neck, cfg.model.head.predictor):
        neck.norm_cfg = norm
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert runner.iter == 4


def test_the_plain_host_needs_no_head(cifar_root, tmp_path):
    cfg = small_config('BYOL', cifar_root, tmp_path / 'work',
                       train_cfg__max_epochs=1, **hand_over_after(0, 8))
    head_forgotten(cfg)
    assert train(cfg)[1].stages == ['host'] * 8


@pytest.mark.parametrize('lost', [math.nan, math.inf, -math.inf])
def test_patience_with_a_loss_that_is_not_finite(lost):
    finite = FiniteLoss(patience=5)
    for loss in [lost] * 4 + [1.] + [lost] * 4:
        finite.check(loss)
    with pytest.raises(UserError, match='5 optimiser steps in a row'):
        finite.check(lost)


def test_a_training_whose_loss_is_lost_stops(cifar_root, tmp_path):
    runner = Runner.from_cfg(small_config(
        'BYOL', cifar_root, tmp_path / 'work', train_cfg__max_epochs=2,
        train_dataloader__batch_size=2, default_hooks__rela__lr=1e30))
    with pytest.raises(UserError, match='loss has been nan for 50'):
        runner.train()
    assert 50 <= runner.iter <= 52


def test_fewer_batches_an_epoch(cifar_root, tmp_path):
    cfg = small_config('BYOL', cifar_root, tmp_path / 'work',
                       train_cfg__max_epochs=3, **hand_over_after(3, 6))
    cfg.train_dataloader.num_batch_per_epoch = 2
    _, recorder = train(cfg)
    assert recorder.stages == ['rela'] * 3 + ['host'] * 3
    assert {*sum(recorder.samples, [])} == {*range(16)}
