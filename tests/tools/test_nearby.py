"""An error about a name that is not known tells the nearest that is."""
from __future__ import annotations

import pytest
from calls import CIFAR, DATA, IN1K, ROOT, cifar

BYOL = 'byol_resnet50_16xb256-coslr-200e_in1k.py'


@pytest.mark.parametrize('asked, near', [
    ('configs/byol_rela_r18_cifar11.py', 'configs/byol_rela_r18_cifar10.py'),
    ('byol_rela_r18_cifar10', 'configs/byol_rela_r18_cifar10.py'),
    ('configs/resnet18_cifar10.py', 'configs/finetune/resnet18_cifar10.py'),
    ('mmpretrain::byl/' + BYOL, 'mmpretrain::byol/' + BYOL)])
def test_configs(mistake, monkeypatch, asked, near):
    monkeypatch.chdir(ROOT)
    assert f'(is {near} meant?)' in mistake('train', asked)


def test_a_file_of_the_same_folder(mistake, tmp_path, monkeypatch):
    near = tmp_path / 'byol_rela_r18_birds.py'
    near.touch()
    asked = tmp_path / 'byol_rela_r18_bird.py'
    assert f'no config at {asked} (is {near} meant?)' in mistake(
        'train', asked)
    monkeypatch.chdir(tmp_path)
    assert f'(is {near.name} meant?)' in mistake('train', asked.name)
    assert mistake('train', 'xyz').endswith('no config at xyz')


@pytest.mark.parametrize('prior, near', [
    ('torchvison:alexnet', 'a prior of kind torchvision'),
    ('torchvision:mobilnet_v2', 'mobilenet_v2'),
    ('timm:resnet19', 'resnet18'),
    ('timm:resnet18.a1_in1l', 'resnet18.a1_in1k'),
    ('open_clip:ViT-B-33', 'ViT-B-32'), ('open_clip:RN50@openay', 'openai'),
    ('mmpretrain:resnet18_8xb32_in1l', 'resnet18_8xb32_in1k')])
def test_priors(mistake, prior, near):
    said = mistake('gen_targets', IN1K, '--prior', prior)
    assert f'(is {near} meant?)' in said


@pytest.mark.parametrize('option, near', [
    ('default_hooks.rela.scedule.type=FixedLambda', 'schedule'),
    ('default_hooks.rella.lr=1', 'default_hooks.rela'),
    ('default_hooks.rela.schedule.type=FixedLamda', 'FixedLambda'),
    ('default_hooks.rela.schedule.fast_momentm=0.9', 'fast_momentum'),
    ('model.rela_head.out_chanels=4', 'out_channels'),
    ('model.rela_head.type=RelaHed', 'RelaHead'),
    ('model.host=BYLO', 'BYOL'), ('model.base_momentm=1', 'base_momentum'),
    (f'{DATA}.indeces=8', 'indices'), (f'{DATA}.target=x', 'targets'),
    (f'{DATA}.host=CIFAR10Binry', 'CIFAR10Binary'),
    ('train_dataloader.batchsize=8', 'batch_size'),
    ('train_cfg.max_epoch=1', 'max_epochs'),
    ('optim_wrapper.optimizer.typ=SGD', 'type'),
    ('optim_wrapper.optimizer.type=AdmW', 'AdamW'),
    ('optim_wrapper.type=OptimWraper', 'OptimWrapper')])
def test_keys_and_types(mistake, cifar_root, tmp_path, four_components,
                        option, near):
    said = mistake('train', CIFAR, '--work-dir', tmp_path, *cifar(
        cifar_root, four_components, option))
    assert f'(is {near} meant?)' in said
    assert 'Please check' not in said


def test_a_key_that_only_others_know(mistake, cifar_root, tmp_path,
                                     four_components):
    said = mistake('train', CIFAR, '--work-dir', tmp_path, *cifar(
        cifar_root, four_components, 'model.rela_head.host=BYOL'))
    assert "unexpected keyword argument 'host'" in said
    assert 'is host meant' not in said


@pytest.mark.parametrize('argv, near', [
    (['quikstart'], 'quickstart'),
    (['quickstart', '--size', 'smke'], 'smoke'),
    (['quickstart', '--only', 'MobilNet-V2'], 'MobileNet-V2')])
def test_experiments(mistake, monkeypatch, argv, near):
    monkeypatch.chdir(ROOT)
    assert f'(is {near} meant?)' in mistake('experiment', *argv)
