"""Every command of the pages runs, in a folder where all is small."""
from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
import torch
import torchvision
from calls import ROOT, call
from test_readmes import commands

CONFIGS = ROOT / 'configs'
# Commands that do not run here, by their beginnings, and why.
LEFT_OUT = {
    'bash tools/setup_env.sh': 'installs packages from the network',
    'source .venv/bin/activate': 'is for the shell that has typed it',
    'python tools/prepare_cifar10.py': 'downloads; test_prepare.py does it',
    'python tools/prepare_mobilenet_v2.py': 'downloads; test_prepare.py, too',
    'bash tools/test.sh': 'runs these very tests',
    'NNODES=2 NODE_RANK=0': 'asks for two machines with GPUs',
    'GPUS=16 GPUS_PER_NODE=8': 'asks for Slurm: test_slurm_train.py',
    'python tools/experiment.py table3_methods': 'takes an hour: '
    'test_smoke.py runs tables of tiny ones'}
# What stands for what a user has; the processes of a launcher are one.
INSTEAD = [
    (r'^bash tools/dist_train\.sh (\S+) \d+', r'python tools/train.py \1'),
    (r'^torchrun --nproc_per_node=\d+ ', 'python '),
    (' --launcher pytorch', ''), ('/my/images', 'data/images'),
    (r'(:mobilenet_v2)( |$)', r'\1,size=64\2'), ('size 224', 'size 64'),
    (' CONFIG ', ' configs/byol_rela_r18_cifar10.py '), ('ipc 10', 'ipc 1'),
    ('checkpoint:teacher.py,teacher.pth', 'random')]
CIFAR = """
model = dict(backbone=dict(type='ResNet', base_channels=8, stem_channels=8),
             neck=dict(in_channels=64), rela_head=dict(out_channels=4))
train_dataloader = dict(batch_size=8, num_workers=0, persistent_workers=False,
                        dataset=dict(indices=80,
                                     targets='data/targets/cifar10'))
train_cfg = dict(max_epochs=5)
probe = dict(train=dict(indices=40), test=dict(indices=40))
"""
LABELLED = """
model = dict(backbone=dict(type='ResNet', base_channels=8, stem_channels=8),
             rela_head=dict(out_channels=4))
train_dataloader = dict(dataset=dict(targets='data/targets/labelled'))
"""
PHOTOS = """
def views(count):
    crop = dict(type='RandomResizedCrop', scale=32)
    return [dict(type='MultiView', num_views=count, transforms=[[crop]]),
            dict(type='PackInputs')]
model = dict(backbone=dict(depth=18), neck=dict(in_channels=512))
train_dataloader = dict(
    batch_size=8, num_workers=0, persistent_workers=False,
    dataset=dict(pipeline=[dict(type='LoadImageFromFile'), *views(2)]))
train_cfg = dict(max_epochs=1)
"""
OURS = """
model.update(rela_head=dict(out_channels=4))
train_dataloader['dataset'].update(rela_pipeline=views(1))
"""
MINE = "_base_ = 'mmpretrain::byol/byol_resnet50_16xb256-coslr-200e_in1k.py'"


def asked(pages: list[str]) -> list[str]:
    """Commands of the pages, each once."""
    return [*dict.fromkeys(' '.join(words) for words in commands(pages))]


def small(name: str) -> str:
    """A config of that name, with small networks and little to do."""
    base = f'_base_ = {str(CONFIGS / name)!r}'
    if name.startswith('resnet'):
        return base + LABELLED
    return base + (CIFAR if 'cifar' in name else PHOTOS + OURS)


@pytest.fixture
def place(tmp_path, monkeypatch, cifar_root, image_folder) -> Path:
    """What the pages speak of, under their names."""
    (tmp_path / 'configs').mkdir()
    for config in [*CONFIGS.glob('byol_rela_*.py'),
                   CONFIGS / 'resnet18_rela_cifar10.py']:
        (tmp_path / 'configs' / config.name).write_text(small(config.name))
    (tmp_path / 'my_config.py').write_text(MINE + PHOTOS)
    (tmp_path / 'data').mkdir()
    for name in ('imagenet', 'images', 'imagefolder'):
        (tmp_path / 'data' / name).symlink_to(image_folder)
    (tmp_path / 'data' / 'cifar10').symlink_to(cifar_root)
    weights = tmp_path / 'hub/checkpoints/mobilenet_v2-b0353104.pth'
    weights.parent.mkdir(parents=True)
    state = torchvision.models.mobilenet_v2().state_dict()
    state['features.18.1.weight'] *= 1e4  # untrained, it gives next to nothing
    torch.save(state, weights)
    (tmp_path / 'data' / 'weights').symlink_to(weights.parent)
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def provide(place: Path, word: str) -> None:
    """A run that no command has made is another's, of that network."""
    _, run, *files = [*word.split('/'), '', ''][:4]
    folder = place / 'work_dirs' / run
    if not folder.exists():
        shutil.copytree(place / 'work_dirs' / 'byol_rela_r50_in1k', folder)
    file = folder / files[0]
    if files[0] and not file.exists():
        os.link(next(folder.glob('epoch_1.pth')), file)


def test_each_command_runs(place, capsys):
    for line in asked(['README.md', 'tools/README.md']):
        if line.startswith(tuple(LEFT_OUT)):
            continue
        for old, new in INSTEAD:
            line = re.sub(old, new, line)
        python, tool, *arguments = line.split()
        assert python == 'python', f'{line}: run it, or say why not'
        for word in arguments:
            if word.startswith('work_dirs/'):
                provide(place, word)
        code = call(Path(tool).stem, *arguments)
        out, err = capsys.readouterr()
        assert code == 0, f'{line}: {err}'
        assert out


def test_only_what_is_there_is_left_out():
    lines = asked(['README.md', 'tools/README.md'])
    for beginning, reason in LEFT_OUT.items():
        assert any(line.startswith(beginning) for line in lines), beginning
        assert len(reason.split()) > 2
