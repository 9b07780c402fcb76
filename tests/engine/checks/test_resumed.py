"""A training goes on with the model and optimiser that it had."""
from __future__ import annotations

import pytest
from hosts import small_config
from mmengine.runner import Runner

from mmrela.errors import UserError

EPOCHS = dict(train_cfg__max_epochs=1, train_dataloader__dataset__indices=16)
WIDER = {'model__backbone__base_channels': 16,
         'model__backbone__stem_channels': 16, 'model__neck__in_channels': 128}
ADAM, SGD = (dict(_delete_=True, type=name, lr=1e-3)
             for name in ('Adam', 'SGD'))


@pytest.fixture(scope='module')
def work_dir(cifar_root, tmp_path_factory):
    """A training of one epoch; do not change it."""
    work_dir = tmp_path_factory.mktemp('resumed') / 'work'
    Runner.from_cfg(small_config(
        'SimSiam', cifar_root, work_dir, **EPOCHS)).train()
    return work_dir


def resume(host, work_dir, cifar_root, **options):
    cfg = small_config(host, cifar_root, work_dir.parent / 'again', **{
        **EPOCHS, 'train_cfg__max_epochs': 2, **options})
    cfg.load_from, cfg.resume = str(work_dir / 'epoch_1.pth'), True
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner


@pytest.mark.parametrize('host, options, reason', [
    ('SimSiam', WIDER, r'of another model: backbone.conv1.weight is '
     r'\[8, 3, .*\] there, \[16, 3, .*\] here; set model as'),
    ('VICReg', {}, 'of another model: neck.*missing'),
    ('SimSiam', dict(optim_wrapper__optimizer=SGD), 'of another optimiser'),
    ('SimSiam', dict(optim_wrapper__paramwise_cfg=dict(norm_decay_mult=0.)),
     'other groups of parameters; set optim_wrapper')])
def test_refused(host, options, reason, work_dir, cifar_root):
    with pytest.raises(UserError, match=reason + '.*load_from to it'):
        resume(host, work_dir, cifar_root, **options)


def test_like_optimisers_go_on(work_dir, cifar_root):
    runner = resume('SimSiam', work_dir, cifar_root,
                    optim_wrapper__optimizer=ADAM)
    assert runner.iter == 4
