"""What would fail within the training is said before its first step."""
from __future__ import annotations

import math
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from hosts import HOSTS, hand_over_after, small_config
from mmengine.hooks import Hook
from mmengine.model import BaseDataPreprocessor
from mmengine.runner import Runner
from mmpretrain.models.selfsup import SimSiam
from mmpretrain.registry import MODELS, TRANSFORMS
from recorder import train
from torch.utils.data import DataLoader

from mmrela.datasets.samplers.rela_sampler import RelaIndex
from mmrela.engine.checks.trial import first_batches, try_stages
from mmrela.errors import UserError

FEATURES = dict(
    ids=lambda x: torch.ones(len(x), 64).long(),
    map=lambda x: torch.ones(len(x), 64, 2),
    mask=lambda x: torch.rand(len(x), 64),
    infinite=lambda x: torch.full((len(x), 64), torch.inf),
    wide=lambda x: torch.ones(len(x), 65),
    two=lambda x: [torch.ones(len(x), 64)],
    failing=lambda x: x.no_such_method(),
    right=lambda x: x.flatten(1)[:, :64])


@MODELS.register_module(force=True)
class DeclaresFeatures(SimSiam):
    features = None

    def rela_features(self, inputs):
        return FEATURES[self.features](inputs)


@MODELS.register_module(force=True)
class OwnLoss(SimSiam):
    """Its loss fails below a number of images, or is what it is."""
    least, value = 0, 1.

    def loss(self, inputs, data_samples):
        if len(data_samples) < self.least:
            raise RuntimeError(f'{self.least} images are needed')
        return dict(loss=super().loss(
            inputs, data_samples)['loss'] * 0 + self.value)


@TRANSFORMS.register_module(force=True)
class Fails:

    def __init__(self):
        pass

    def __call__(self, results):
        raise KeyError('mask')


def config(cifar_root, tmp_path, host='SimSiam', **options):
    return small_config('SimSiam', cifar_root, tmp_path / 'work', **{
        'model__host': host, 'train_cfg__max_epochs': 1,
        **hand_over_after(4, 8), **options})


def sentence(cfg) -> str:
    """What refuses a training before its first step."""
    runner = Runner.from_cfg(cfg)
    with pytest.raises(UserError) as error:
        runner.train()
    assert runner.iter == 0
    return str(error.value)


@pytest.mark.parametrize('features, reason', [
    ('ids', 'torch.int64 of [2, 64]'),
    ('map', 'torch.float32 of [2, 64, 2]'), ('mask', 'others each time'),
    ('infinite', 'not finite'), ('two', 'a list'),
    ('failing', 'no_such_method'),
    ('wide', 'in_channels=64, but the features of model.host=DeclaresFeatures '
     'have 65')])
def test_features_that_do_not_do(features, reason, cifar_root, tmp_path,
                                 monkeypatch):
    monkeypatch.setattr(DeclaresFeatures, 'features', features)
    said = sentence(config(cifar_root, tmp_path, 'DeclaresFeatures'))
    assert reason in said
    assert 'model.host=DeclaresFeatures' in said


def test_declared_features_are_those_of_the_training(
        cifar_root, tmp_path, monkeypatch):
    monkeypatch.setattr(DeclaresFeatures, 'features', 'right')
    runner, seen = train(config(cifar_root, tmp_path, 'DeclaresFeatures'))
    assert seen.stages == ['rela'] * 4 + ['host'] * 4
    inputs = torch.randn(3, 3, 32, 32)
    assert torch.equal(runner.model.rela_features(inputs),
                       inputs.flatten(1)[:, :64])


@pytest.mark.parametrize('least, value, reason', [
    (9, 1., 'RuntimeError: 9 images are needed, with 8 images'),
    (0, math.nan, 'its loss of 8 images is nan')])
def test_a_host_that_would_fail_later(least, value, reason, cifar_root,
                                      tmp_path, monkeypatch):
    monkeypatch.setattr(OwnLoss, 'least', least)
    monkeypatch.setattr(OwnLoss, 'value', value)
    said = sentence(config(cifar_root, tmp_path, 'OwnLoss'))
    assert f'after the hand-over, model.host=OwnLoss: {reason}' in said


def test_a_host_that_needs_a_whole_batch_gets_one(cifar_root, tmp_path,
                                                  monkeypatch):
    monkeypatch.setattr(OwnLoss, 'least', 8)
    train(config(cifar_root, tmp_path, 'OwnLoss'))


@pytest.mark.parametrize('workers', [0, 2])
@pytest.mark.parametrize('rela', [True, False])
def test_a_pipeline_that_would_fail_later(rela, workers, cifar_root,
                                          tmp_path):
    cfg = config(cifar_root, tmp_path, train_dataloader__num_workers=workers)
    dataset = cfg.train_dataloader.dataset
    dataset['rela_pipeline' if rela else 'pipeline'].insert(
        0, dict(type='Fails'))
    said = sentence(cfg)
    assert "KeyError: 'mask'" in said
    assert ('weak views' if rela else 'dataset.pipeline') in said


def test_after_the_hand_over_only_the_host_is_tried(cifar_root, tmp_path,
                                                    monkeypatch):
    """As without RELA, where no targets need be there."""
    monkeypatch.setattr(DeclaresFeatures, 'features', 'failing')
    cfg = config(cifar_root, tmp_path, 'DeclaresFeatures',
                 **hand_over_after(0, 8))
    assert train(cfg)[1].stages == ['host'] * 8


@MODELS.register_module(force=True)
class CannotBeCopied(SimSiam):

    def __deepcopy__(self, memo):
        raise TypeError('no copies')


def test_what_cannot_be_copied_trains_untried(cifar_root, tmp_path):
    cfg = config(cifar_root, tmp_path, 'CannotBeCopied', log_level='WARNING')
    runner, seen = train(cfg)
    assert seen.stages == ['rela'] * 4 + ['host'] * 4
    log = next(Path(runner.log_dir).glob('*.log')).read_text()
    assert 'model.host=CannotBeCopied cannot be copied' in log


@pytest.mark.parametrize('workers', [0, 2])
def test_the_first_samples_of_a_stage(workers):
    loader = DataLoader(Indices(), 2, collate_fn=list, num_workers=workers)
    [batch] = first_batches(loader, 2, 1)
    assert batch == [RelaIndex(0, 1, 0), RelaIndex(1, 1, 1)]
    assert [*first_batches(loader, 2, None, 3)] == [[0, 1], [2, 0], [1, 2]]
    assert [*first_batches(loader, 8, None, 2)] == [[0, 1, 2], [2, 0, 1]]


class Indices:
    """A data set of three, which gives back what it is asked for."""

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return index


class Again(Hook):
    """Tries once more, and looks for what has changed."""
    priority = 'LOWEST'

    def before_train(self, runner):
        before = {k: v.clone() for k, v in runner.model.state_dict().items()}
        modes, states = self.look(runner.model)
        try_stages(runner, runner.model, [1, 0])
        assert (modes, states) == self.look(runner.model)
        for name, value in runner.model.state_dict().items():
            assert torch.equal(value, before[name]), name
        assert all(p.grad is None for p in runner.model.parameters())
        self.done = True

    @staticmethod
    def look(model):
        return [module.training for module in model.modules()], (
            random.getstate(), np.random.get_state()[1].tolist(),
            torch.get_rng_state().tolist())


@pytest.mark.parametrize('host', HOSTS)
def test_it_leaves_no_trace(host, cifar_root, tmp_path):
    cfg = small_config(host, cifar_root, tmp_path / 'work',
                       train_cfg__max_epochs=1,
                       train_dataloader__dataset__indices=8)
    _, again = train(cfg, Again())
    assert again.done


def test_no_view_is_too_few(cifar_root, tmp_path):
    said = sentence(config(cifar_root, tmp_path, **{
        'train_dataloader__dataset__rela_pipeline__0__num_views': 0}))
    assert 'rela_pipeline makes no view: set its num_views' in said


@MODELS.register_module(force=True)
class AsTuple(BaseDataPreprocessor):

    def forward(self, data, training=False):
        return tuple(self.cast_data(data).values())


def test_a_preprocessor_without_inputs(cifar_root, tmp_path):
    cfg = config(cifar_root, tmp_path)
    cfg.model.data_preprocessor = dict(type='AsTuple')
    assert 'preprocessing weak views failed (TypeError' in sentence(cfg)
