"""What a training lacks for RELA is said before its first step."""
import math

import pytest
import torch
from hosts import hand_over_after, small_config
from mmengine.config import ConfigDict
from mmengine.optim import OptimWrapper, OptimWrapperDict
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


def own_optimisers(cfg):
    """One for each part, which mmengine leaves to the user's own model."""
    cfg.optim_wrapper = dict(constructor='EachPart')
    cfg.param_scheduler = []


@OPTIM_WRAPPER_CONSTRUCTORS.register_module(force=True)
class EachPart:

    def __init__(self, **_) -> None:
        pass

    def __call__(self, model):
        return OptimWrapperDict(**{
            name: OptimWrapper(torch.optim.SGD(part.parameters(), lr=0.1))
            for name, part in (('backbone', model.backbone),
                               ('neck', model.neck))})


def no_rate(cfg):
    cfg.optim_wrapper.optimizer.lr = 0.
    cfg.default_hooks.rela.lr = 1e-3


@pytest.mark.parametrize('change, reason', [
    (plain_sampler, 'sampler.type=RelaSampler'),
    (plain_dataset, 'dataset.type=RelaTargetDataset'),
    (plain_host, r"model = dict\(type='Rela', host='BYOL'"),
    (own_loop, 'not know train_cfg.type=OwnLoop: take EpochBasedTrainLoop'),
    (own_batches, 'ByShape might .* remove train_dataloader.batch_sampler'),
    (too_many, 'num_batch_per_epoch asks for 72 samples, .* has 64'),
    (small_epoch, 'no batch: 64 samples a rank .*batch_size=65'),
    (lone_image, '64 samples a rank .*batch_size=21, .*drop_last=True'),
    (batches_of_one, 'batch_size=1, .* another batch_size'),
    (own_optimisers, 'one optimiser, not OptimWrapperDict'),
    (no_rate, 'default_hooks.rela.lr=0.001 .*optim_wrapper.optimizer.lr=0'),
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
