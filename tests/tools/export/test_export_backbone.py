"""The tool on a checkpoint that a training left, and without its config."""
from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import timm
import torch
from calls import IN1K, call
from hosts import small_config
from mmengine.runner import Runner

WIDE = {'model__backbone__base_channels': 64,
        'model__backbone__stem_channels': 64, 'model__neck__in_channels': 512}


@pytest.fixture(scope='module')
def checkpoint(cifar_root, tmp_path_factory) -> Path:
    """Of a ResNet-18 as wide as everybody's, after a step of each stage."""
    work_dir = tmp_path_factory.mktemp('export') / 'work'
    cfg = small_config('BYOL', cifar_root, work_dir, **WIDE, **{
        'train_dataloader__dataset__indices': 16,
        'train_cfg__max_epochs': 1,
        'default_hooks__rela__schedule': dict(
            _delete_=True, type='FixedLambda', fraction=0.5, total_steps=2)})
    Runner.from_cfg(cfg).train()
    return work_dir / 'epoch_1.pth'


def test_timm_loads_what_a_training_left(checkpoint, capsys):
    assert call('export_backbone', checkpoint, '--to', 'timm') == 0
    assert 'differ from ours by' in capsys.readouterr().out
    state = torch.load(checkpoint.with_name('epoch_1_timm.pth'),
                       weights_only=True)
    model = timm.create_model('resnet18', num_classes=0)
    model.load_state_dict(state)
    trained = torch.load(checkpoint, weights_only=True)['state_dict']
    assert all(torch.equal(value, trained[f'backbone.{name}'])
               for name, value in state.items())


def test_where_the_config_comes_from(checkpoint, tmp_path, mistake):
    """From the checkpoint, or beside it, or --config; else a sentence."""
    content = torch.load(checkpoint, weights_only=True)
    file = tmp_path / 'epoch_1.pth'
    torch.save(dict(state_dict=content['state_dict']), file)
    argv = ['export_backbone', file, '--to', 'torchvision']
    assert 'pass --config' in mistake(*argv)
    own = next(checkpoint.parent.glob('*.py'))
    shutil.copy(own, tmp_path)
    assert call(*argv) == 0
    (tmp_path / own.name).write_text('model = dict(')  # a kill's
    assert f'{own.name} is no config' in mistake(*argv)
    (tmp_path / own.name).unlink()
    assert call(*argv, '--config', own) == 0
    assert 'does not hold the backbone of this config' in mistake(
        *argv, '--config', IN1K)


def test_no_checkpoint(tmp_path, mistake):
    file = tmp_path / 'no.pth'
    assert f'no checkpoint at {file}' in mistake(
        'export_backbone', file, '--to', 'timm')


def test_a_checkpoint_that_needs_pickle(tmp_path, mistake):
    """There is no --trust-checkpoint here."""
    file = tmp_path / 'objects.pth'
    torch.save(dict(state_dict={'backbone.x': torch.ones(1)}, by=Path()), file)
    assert 'save its weights alone' in mistake(
        'export_backbone', file, '--to', 'timm')
