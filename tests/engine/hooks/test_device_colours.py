"""Training with colours on the device: stages, resume, workers, no RELA."""
from __future__ import annotations

from copy import deepcopy

import pytest
import recorder
import torch
from hosts import HOSTS, hand_over_after, small_config

from mmrela.batched.ahead import ViewBatch
from mmrela.errors import UserError

TOTAL, SWITCH = 8, 3  # steps: two epochs of four
COLOURS = dict(default_hooks__colours=dict(type='DeviceColoursHook'))
WORKER = dict(train_dataloader__num_workers=1,
              train_dataloader__persistent_workers=True)


class Batches(recorder.Recorder):
    """Notes also which batches lack their colours."""

    def before_train_iter(self, runner, batch_idx, data_batch):
        super().before_train_iter(runner, batch_idx, data_batch)
        self.lacking = getattr(self, 'lacking', 0) + isinstance(
            data_batch['inputs'], ViewBatch)


@pytest.fixture
def config(cifar_root, tmp_path):
    def make(name: str, host: str = 'BYOL', switch: int = SWITCH, **options):
        return small_config(host, cifar_root, tmp_path / name, **{
            'train_cfg__max_epochs': 2,
            'train_dataloader__dataset__indices': 32,
            **hand_over_after(switch, TOTAL), **COLOURS, **options})

    return make


@pytest.fixture
def train(config, tmp_path):
    """Train under a name; what was seen, and the weights."""
    def run(name: str, **options):
        _, seen = recorder.train(config(name, **options), Batches())
        return seen, torch.load(
            tmp_path / name / 'epoch_2.pth', weights_only=True)['state_dict']

    return run


def equal(first, second):
    return all(torch.equal(first[key], second[key])
               for key in first.keys() | second.keys())


def plain(cfg, **loader):
    """The same without anything of RELA's but its data set of CIFAR-10."""
    model, data = cfg.model, cfg.train_dataloader
    model.type = model.pop('host')
    for part, key in ((model, 'rela_head'), (cfg.default_hooks, 'rela'),
                      (cfg, 'custom_imports')):
        part.pop(key)
    for key in ('targets', 'rela_pipeline'):
        del data.dataset[key]
    data.dataset.type = data.dataset.pop('host')
    data.sampler = dict(type='DefaultSampler', shuffle=True)
    data.update(loader)
    cfg.default_hooks.colours.type = 'mmrela.DeviceColoursHook'
    return cfg


def test_hands_over_and_resumes_exactly(train, tmp_path):
    seen, whole = train('whole')
    assert [*zip(seen.stages, map(len, seen.sides))] == [
        ('rela', 1)] * SWITCH + [('host', 2)] * (TOTAL - SWITCH)
    assert seen.lacking == TOTAL
    _, part = train('part', resume=True, load_from=str(
        tmp_path / 'whole' / 'epoch_1.pth'))
    assert equal(whole, part)


def test_views_do_not_depend_on_the_workers(train):
    none, some = (train(f'{len(loader)} options', switch=0, **loader)[1]
                  for loader in ({}, WORKER))
    assert equal(none, some)


@pytest.mark.parametrize('loop', [
    dict(type='EpochBasedTrainLoop', max_epochs=1),
    dict(type='IterBasedTrainLoop', max_iters=4)], ids=['epochs', 'steps'])
def test_serves_a_config_without_rela(loop, config):
    """With workers that a loop by iterations starts before all hooks."""
    cfg = plain(config('plain'), num_workers=1, persistent_workers=True)
    cfg.train_cfg, cfg.param_scheduler = loop, None
    _, seen = recorder.train(cfg, Batches())
    assert seen.lacking == 4 and seen.stages == ['host'] * 4


@pytest.mark.parametrize('rela', [True, False])
def test_a_pipeline_that_comes_later_is_split_as_well(rela, config):
    cfg = config('later')
    if not rela:
        cfg = plain(cfg)
    later = deepcopy(cfg.train_dataloader.dataset.pipeline)
    for view in later[0].transforms:
        view[0] = dict(type='RandomResizedCrop', scale=16)
    cfg.custom_hooks = [dict(type='SwitchRecipeHook', schedule=[
        dict(action_epoch=2, train_pipeline=later)])]
    _, seen = recorder.train(cfg, Batches())
    assert seen.sides[3:] == [[[32, 32]] * 2] + [[[16, 16]] * 2] * 4
    assert seen.lacking == TOTAL


def test_what_cannot_be_split_is_refused_before_the_first_step(config):
    with pytest.raises(UserError, match='make all views, not in LoadChannels'):
        recorder.train(config('masked', 'MAE'))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(HOSTS, 'device', (
            'byol_rela_r18_cifar10_device.py', HOSTS['BYOL'][1]))
        cfg = config('device', 'device')
    with pytest.raises(UserError, match='remove DeviceColoursHook'):
        recorder.train(cfg)
