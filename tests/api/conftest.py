"""What the page of the calls speaks of, small."""
from __future__ import annotations

from pathlib import Path

import pytest
import torch
from mmpretrain.registry import MODELS

ROOT = Path(__file__).parents[2]
CIFAR = 'configs/byol_rela_r18_cifar10_quickstart.py'
CHECKPOINT = 'work_dirs/byol_rela_r18_cifar10_quickstart/epoch_5.pth'
SMALL = f"""
_base_ = {str(ROOT / CIFAR)!r}
train_dataloader = dict(dataset=dict(indices=20))
probe = dict(train=dict(indices=60), test=dict(indices=30))
"""


@pytest.fixture(scope='session')
def folder(cifar_root, image_folder, tmp_path_factory) -> Path:
    """A place where all of it has its name; do not change it."""
    folder = tmp_path_factory.mktemp('api')
    (folder / 'configs').mkdir()
    (folder / CIFAR).write_text(SMALL)
    (folder / 'data').mkdir()
    (folder / 'data/cifar10').symlink_to(cifar_root)
    (folder / 'photos').symlink_to(image_folder / 'val')
    (folder / CHECKPOINT).parent.mkdir(parents=True)
    torch.manual_seed(0)
    state = MODELS.build(dict(type='mmpretrain.ResNet', depth=18)).state_dict()
    torch.save(dict(state_dict={
        f'backbone.{key}': value for key, value in state.items()}),
        folder / CHECKPOINT)
    return folder


@pytest.fixture
def place(folder, monkeypatch) -> Path:
    monkeypatch.chdir(folder)
    return folder
