"""What a training lacks for RELA is said before its first step."""
import math

import pytest
from hosts import hand_over_after, small_config
from mmengine.config import ConfigDict
from mmengine.runner import Runner

from mmrela.engine.hooks.requirements import FiniteLoss
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


def iterations(cfg):
    cfg.train_cfg = ConfigDict(by_epoch=False, max_iters=4)


def small_epoch(cfg):
    cfg.train_dataloader.batch_size = 65


def lone_image(cfg):
    cfg.train_dataloader.update(batch_size=21, drop_last=False)


def batches_of_one(cfg):
    cfg.train_dataloader.batch_size = 1


@pytest.mark.parametrize('change, reason', [
    (plain_sampler, 'sampler.type=RelaSampler'),
    (plain_dataset, 'dataset.type=RelaTargetDataset'),
    (plain_host, r"model = dict\(type='Rela', host='BYOL'"),
    (iterations, 'by_epoch=True'),
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
        train_dataloader__batch_size=2, optim_wrapper__optimizer__lr=1e30))
    with pytest.raises(UserError, match='loss has been nan for 50'):
        runner.train()
    assert 50 <= runner.iter <= 52
