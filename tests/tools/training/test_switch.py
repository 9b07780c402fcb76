"""Plain configs become RELA's by an argument."""
from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch
import upstream
from calls import DATA, call, lines
from mmengine.config import Config

from mmrela.targets import TargetStore

SIMSIAM = 'mmpretrain::simsiam/simsiam_resnet50_8xb32-coslr-100e_in1k.py'
STEM = 'simsiam_resnet50_8xb32-coslr-100e_in1k'
SIDE = 'transforms.0.0.scale=64'

WITH_RELA = """
from mmrela import (AdaptiveLambdaHook, DeterminismHook, PlainCheckpointHook,
                    Rela, RelaHead, RelaSampler, RelaTargetDataset)
model.update(type=Rela, host=SimSiam,
             rela_head=dict(type=RelaHead, out_channels=4))
train_dataloader.update(sampler=dict(type=RelaSampler))
train_dataloader['dataset'].update(
    type=RelaTargetDataset, host=ImageNet, targets='{targets}',
    rela_pipeline=[dict(type=MultiView, num_views=1, transforms=[[crop]]),
                   dict(type=PackInputs)])
default_hooks = dict(
    rela=dict(type=AdaptiveLambdaHook), determinism=dict(type=DeterminismHook),
    plain_checkpoint=dict(type=PlainCheckpointHook))
"""


def small(root: Path, *more: str) -> list[str]:
    return ['--cfg-options', f'{DATA}.data_root={root}', f'{DATA}.split=train',
            'train_dataloader.num_workers=0', 'train_dataloader.batch_size=6',
            'train_dataloader.persistent_workers=False',
            'model.backbone.depth=18', 'model.backbone.base_channels=8',
            'model.backbone.stem_channels=8', 'model.neck.in_channels=64',
            'model.backbone.norm_cfg.type=BN', *more]


@pytest.fixture(scope='module')
def targets(image_folder, tmp_path_factory) -> Path:
    """A store of 5 components, made for the plain config; keep it so."""
    out = tmp_path_factory.mktemp('targets') / 'store'
    assert call('gen_targets', SIMSIAM, '--prior', 'random', '--dim', 5,
                '--image-size', 32, '--out', out, *small(image_folder)) == 0
    return out


def run(root: Path) -> list[str]:
    return small(
        root, 'randomness.seed=1', 'train_cfg.max_epochs=2',
        f'{DATA}.pipeline.1.{SIDE}', f'{DATA}.rela_pipeline.0.{SIDE}',
        'default_hooks.checkpoint.interval=1',
        'default_hooks.rela.schedule.type=FixedLambda',
        'default_hooks.rela.schedule.fraction=0.5')


def test_a_dumped_config_trains_to_the_same_weights(
        image_folder, targets, tmp_path, capsys):
    arguments = [SIMSIAM, '--rela', targets]
    file = tmp_path / 'new' / 'x.py'
    assert call('train', *arguments, '--dump', file, *run(image_folder)) == 0
    assert not (tmp_path / 'a').exists()
    assert call('train', *arguments, '--work-dir', tmp_path / 'a',
                *run(image_folder)) == 0
    assert call('train', file, '--work-dir', tmp_path / 'b') == 0
    ours, theirs = (
        torch.load(tmp_path / name / 'epoch_2.pth',
                   weights_only=True)['state_dict'] for name in 'ab')
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    assert ours['rela_head.fc.weight'].shape == (5, 64)
    for name in 'ab':
        told = json.loads((tmp_path / name / 'train.json').read_text())
        assert told['switch_step'] == 3 and told['steps'] == 6


def test_differences_are_told(targets, capsys):
    assert call('train', SIMSIAM, '--rela', targets, '--diff', '--cfg-options',
                'train_cfg.max_epochs=7', 'randomness.seed=None') == 0
    told = lines(capsys.readouterr().out)
    assert set(told) > {
        "- model.type='SimSiam'", "+ model.type='Rela'",
        "+ model.host='SimSiam'", '+ model.rela_head.out_channels=5',
        '- train_cfg.max_epochs=100', '+ train_cfg.max_epochs=7',
        f'+ {DATA}.rela_pipeline.0.num_views=1',
        f"+ work_dir='work_dirs/{STEM}_rela'"}
    assert not any('randomness' in line or 'model.neck' in line
                   for line in told)


def test_a_config_with_rela_gets_other_targets(tmp_path, capsys):
    plain, leaf = tmp_path / 'x.py', tmp_path / 'y.py'
    for config, file in (SIMSIAM, plain), (plain, leaf):
        assert call('train', config, '--rela', tmp_path / file.stem,
                    '--dump', file) == 0
    first, second = (Config.fromfile(file) for file in (plain, leaf))
    assert first.train_dataloader.dataset.targets == str(tmp_path / 'x')
    first.train_dataloader.dataset.targets = str(tmp_path / 'y')
    assert first.to_dict() == second.to_dict()


def test_tools_about_targets_take_plain_configs(
        image_folder, targets, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = small(image_folder)
    assert call('check_targets', targets, '--config', SIMSIAM, *options) == 0
    assert call('show_targets', SIMSIAM, '--stores', targets, *options) == 0
    assert call('gen_targets', SIMSIAM, '--prior', 'random', '--dim', 5,
                '--image-size', 32, *options) == 0
    made = TargetStore.open(tmp_path / 'data/targets' / STEM)
    assert (made[:] == TargetStore.open(targets)[:]).all()
    assert f'{targets} is sound' in capsys.readouterr().out


@pytest.mark.parametrize('config, reason', [
    ('mmpretrain::byol/nothing.py', 'no config at .*configs/byol/nothing.py'),
    ('nopackage::byol.py', 'no package nopackage'),
    ('a.b::byol.py', 'no package a.b'),
    ('mmpretrain::blip/blip-base_8xb32_caption.py', "'BlipCaption' is no")])
def test_configs_that_are_refused(mistake, config, reason):
    assert re.search(reason, mistake('train', config, '--rela', 'nowhere'))


def test_a_dump_needs_a_python_file(mistake, tmp_path):
    assert 'ends in .py' in mistake('train', SIMSIAM, '--dump', 'x.yaml')
    (tmp_path / 'file').touch()
    assert f'cannot write {tmp_path}/file/x.py' in mistake(
        'train', SIMSIAM, '--dump', tmp_path / 'file/x.py')


def test_weights_that_no_network_brings(mistake, targets, tmp_path,
                                        image_folder, monkeypatch):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    file = tmp_path / 'eva.py'
    file.write_text(
        "_base_ = 'mmpretrain::eva/eva-mae-style_vit-base-p16_16xb256-"
        "coslr-400e_in1k.py'\nmodel = dict(target_generator=dict("
        "tokenizer_path='http://127.0.0.1:9/no.pth'))\n")
    said = mistake('train', file, '--rela', targets, '--work-dir',
                   tmp_path / 'work', '--cfg-options',
                   f'{DATA}.data_root={image_folder}')
    assert f'{file} names weights to download' in said


@pytest.mark.parametrize('rela', [False, True], ids=['plain', 'rela'])
def test_classes_as_types(image_folder, tmp_path, rela, mistake):
    file, targets = tmp_path / 'new.py', tmp_path / 'targets'
    text = upstream.NEW_STYLE.replace('{root}', str(image_folder))
    if rela:
        text += WITH_RELA.replace('{targets}', str(targets))
    file.write_text(text)
    assert call('gen_targets', file, '--prior', 'random', '--dim', 4,
                '--image-size', 32, '--out', targets) == 0
    switch = [] if rela else ['--rela', targets]
    assert call('train', file, *switch, '--work-dir', tmp_path / 'work') == 0
    assert (tmp_path / 'work' / 'epoch_1.pth').exists()
    assert call('check_targets', targets, '--config', file) == 0
    for option, reason in (('--amp', 'needs a GPU'),
                           ('--auto-scale-lr', 'needs base_batch_size')):
        assert reason in mistake('train', file, *switch, option,
                                 '--work-dir', tmp_path / 'other')


def test_what_a_training_needs(mistake, tmp_path):
    file = tmp_path / 'x.py'
    file.write_text(f"_base_ = '{SIMSIAM}'\noptim_wrapper = None")
    assert f'{file} has no entry `optim_wrapper`' in mistake('train', file)
