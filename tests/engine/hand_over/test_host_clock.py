"""A host after the hand-over is the host of a run that begins there."""
from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hosts import hand_over_after, small_config
from mmengine.hooks import Hook
from mmengine.model import BaseDataPreprocessor
from mmengine.runner import Runner
from mmpretrain.models.selfsup import SimSiam
from mmpretrain.registry import HOOKS, MODELS, TRANSFORMS
from recorder import train

from mmrela.engine.hooks import AdaptiveLambdaHook
from mmrela.errors import UserError

EPOCH = 8  # batches
RECIPE = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=True, end=1,
         convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', by_epoch=True, begin=1,
         convert_to_iter_based=True),
    dict(type='CosineAnnealingMomentum', by_epoch=False, eta_min=0.5),
    dict(type='ExponentialLR', gamma=0.9),
]


class Trace(Hook):
    """What each host step finds, after all hooks have prepared it."""
    priority = 'LOWEST'

    def __init__(self):
        self.rela, self.host = [], []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        group, = runner.optim_wrapper.param_groups
        model, info = runner.model, runner.message_hub.get_info
        found = dict(lr=group['lr'], betas=group['betas'],
                     loss_lambda=getattr(model, 'loss_lambda', None),
                     trained=[n for n, p in model.named_parameters()
                              if p.requires_grad])
        if 'rela_target' in data_batch['data_samples'][0]:
            self.rela.append(found)
            return
        if hasattr(model, 'target_net'):
            found['steps'] = int(model.target_net.steps)
        loss = getattr(model.head, 'loss_module', None)
        if hasattr(loss, 'use_queue'):
            found['queue'] = loss.queue is not None
        self.host.append(dict(
            found, **{name: info(name) for name in (
                'iter', 'epoch', 'max_iters', 'max_epochs')}))


def trace(host, cifar_root, work_dir, epochs, rela_steps, **options):
    cfg = small_config(
        host, cifar_root, work_dir, train_cfg__max_epochs=epochs,
        **hand_over_after(rela_steps, EPOCH * epochs), **options)
    cfg.param_scheduler = RECIPE
    if host == 'DenseCL':
        cfg.custom_hooks = [dict(type='DenseCLHook', start_iters=5)]
    if host == 'SwAV':
        cfg.custom_hooks[0].update(
            batch_size=8, queue_length=16, epoch_queue_starts=1,
            frozen_layers_cfg=dict(prototypes=6))
    return train(cfg, Trace())[1]


@pytest.mark.parametrize('host', ['BYOL', 'DenseCL', 'SwAV'])
def test_traces_are_the_plain_hosts(host, cifar_root, tmp_path):
    """RELA has the first of three epochs, the plain host two in all."""
    plain = trace(host, cifar_root, tmp_path / 'a/work', 2, 0)
    both = trace(host, cifar_root, tmp_path / 'b/work', 3, EPOCH)
    assert (len(both.rela), len(both.host)) == (8, 16)
    assert both.host == plain.host
    distinct = {repr({key: row.get(key) for key in (
        'loss_lambda', 'trained', 'queue')}) for row in plain.host}
    assert len(distinct) == dict(BYOL=1, DenseCL=2, SwAV=3)[host]


def test_within_an_epoch_by_the_formula(cifar_root, tmp_path):
    """Hand-over after 11 of 24 steps: the host has 13, in two epochs."""
    found = trace('BYOL', cifar_root, tmp_path / 'work', 3, 11)
    base = 1e-3
    expected = []
    for step in range(13):
        if step < 8:  # LinearLR holds its last factor from step 7 on
            rate = base * (0.1 + 0.9 * min(step, 7) / 7)
        else:
            rate = base * (1 + math.cos(math.pi * (step - 8) / 5)) / 2
        expected.append(rate * 0.9 ** (step >= 5))  # its second epoch
    assert [row['lr'] for row in found.host] == pytest.approx(expected)
    assert [row['betas'][0] for row in found.host] == pytest.approx(
        [0.5 + 0.4 * (1 + math.cos(math.pi * s / 13)) / 2 for s in range(13)])
    assert [row['epoch'] for row in found.host] == [0] * 5 + [1] * 8
    assert {row['max_iters'] for row in found.host} == {13}
    warm_up = [2e-3 * (0.1 + 0.9 * min(s, 7) / 7) for s in range(11)]
    assert [row['lr'] for row in found.rela] == pytest.approx(warm_up)


def test_in_flight_batches_are_relas(cifar_root, tmp_path):
    found = trace('BYOL', cifar_root, tmp_path / 'work', 2, 3,
                  train_dataloader__num_workers=1,
                  train_dataloader__prefetch_factor=2)
    assert len(found.rela) == 5
    assert [row['iter'] for row in found.host] == list(range(11))


@pytest.mark.parametrize('lr', [0, -1, '1e-3'])
def test_a_rate_that_is_none(lr, cifar_root, tmp_path):
    cfg = small_config('BYOL', cifar_root, tmp_path / 'work',
                       default_hooks__rela__lr=lr)
    with pytest.raises(UserError, match=r'default_hooks\.rela\.lr'):
        Runner.from_cfg(cfg)


def test_a_rate_in_units_of_zero(cifar_root, tmp_path):
    cfg = small_config(
        'BYOL', cifar_root, tmp_path / 'work', train_cfg__max_epochs=1,
        optim_wrapper__optimizer__lr=0, **hand_over_after(4, EPOCH))
    with pytest.raises(UserError, match='optimizer.lr, which is 0: set'):
        Runner.from_cfg(cfg).train()


def test_one_cycle_leaves_relas_rate(cifar_root, tmp_path):
    """mmengine's puts its own first rate in place of the optimiser's."""
    cycle = dict(type='OneCycleLR', eta_max=0.1, total_steps=EPOCH,
                 by_epoch=False)
    cfg = small_config(
        'SimSiam', cifar_root, tmp_path / 'work', train_cfg__max_epochs=1,
        param_scheduler=[cycle], **hand_over_after(4, EPOCH))
    found = Trace()
    train(cfg, found)
    assert [step['lr'] for step in found.rela] == [2e-3] * 4
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    naive = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 0.1, total_steps=EPOCH - 4)
    for step in found.host:
        assert step['lr'] == pytest.approx(optimizer.param_groups[0]['lr'])
        optimizer.step()
        if step is not found.host[-1]:
            naive.step()


def test_a_checkpoint_without_a_clock_is_refused(cifar_root, tmp_path):
    def config(name):
        return small_config('BYOL', cifar_root, tmp_path / name,
                            train_cfg__max_epochs=1)

    train(config('a'))
    checkpoint = torch.load(tmp_path / 'a/epoch_1.pth')
    del checkpoint['rela']['clock']
    torch.save(checkpoint, tmp_path / 'old.pth')
    cfg = config('b')
    cfg.resume, cfg.load_from = True, str(tmp_path / 'old.pth')
    with pytest.raises(UserError, match='of an older mmrela'):
        train(cfg)


@HOOKS.register_module(force=True)
class Counting(Hook):
    """Of a user's own host; the runner that it gets is as good as any."""

    def __init__(self):
        self.seen = []

    def before_train(self, runner):
        self.runner, self.began = runner, (runner.iter, runner.epoch)

    def after_train(self, runner):
        self.ended = self.runner.iter, self.runner.epoch

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.seen.append((runner.iter, runner.epoch, runner.max_iters,
                          runner.max_epochs))

    def after_train_iter(self, runner, batch_idx, **kwargs):
        runner.mark = runner.train_loop.iter


def test_a_users_own_hook(cifar_root, tmp_path):
    """In `custom_hooks` it counts the host's steps, elsewhere the run's."""
    cfg = small_config('BYOL', cifar_root, tmp_path / 'work',
                       train_cfg__max_epochs=2, **hand_over_after(5, 16))
    cfg.custom_hooks = [dict(type='Counting')]
    cfg.default_hooks.update(runs=dict(type='KeepsCount'))
    HOOKS.register_module(
        module=type('KeepsCount', (Counting, ), {}), force=True)
    runner, _ = train(cfg)
    found = {type(h).__name__: h.seen for h in runner.hooks
             if isinstance(h, Counting)}
    assert found['Counting'] == [
        (i, int(i >= 3), 11, 2) for i in range(11)]
    assert found['KeepsCount'] == [(i, i // 8, 16, 2) for i in range(16)]
    assert runner.mark == 15


def test_a_resumed_hook_begins_where_the_host_is(cifar_root, tmp_path):
    """As SwitchRecipeHook, which does then what is due before its epoch."""
    for resumed, began in ((0, (0, 0)), (1, (0, 0)), (2, (5, 1))):
        cfg = small_config('BYOL', cifar_root, tmp_path / 'work',
                           train_cfg__max_epochs=3, **hand_over_after(11, 24))
        cfg.custom_hooks = [dict(type='Counting')]
        if resumed:
            cfg.resume = True
            cfg.load_from = str(tmp_path / f'work/epoch_{resumed}.pth')
        runner, _ = train(cfg)
        hook, = (h for h in runner.hooks if isinstance(h, Counting))
        assert hook.began == began
        assert hook.ended == (13, 2)  # also for who keeps the runner


@TRANSFORMS.register_module(force=True)
class PacksViewsAlone:

    def __call__(self, results):
        views = [np.ascontiguousarray(view.transpose(2, 0, 1))
                 for view in results['img']]
        return dict(inputs=[*map(torch.from_numpy, views)])


@MODELS.register_module(force=True)
class TakesViewsAlone(BaseDataPreprocessor):

    def forward(self, data, training=False):
        data = self.cast_data(data)
        return dict(data, inputs=[view.float() for view in data['inputs']])


@MODELS.register_module(force=True)
class WithoutSamples(SimSiam):

    def loss(self, inputs, data_samples=None):
        return super().loss(inputs, data_samples)


def test_a_hosts_batches_may_hold_no_samples(cifar_root, tmp_path):
    cfg = small_config(
        'SimSiam', cifar_root, tmp_path / 'work', train_cfg__max_epochs=1,
        model__host='WithoutSamples', **hand_over_after(4, EPOCH))
    cfg.model.data_preprocessor = dict(type='TakesViewsAlone')
    pipeline = cfg.train_dataloader.dataset.pipeline
    pipeline[-1] = dict(type='PacksViewsAlone')
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert runner.iter == EPOCH
    assert AdaptiveLambdaHook.of(runner).switch_step == 4
