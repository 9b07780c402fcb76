"""A training starts from the backbone that it names, or not at all."""
from __future__ import annotations

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmpretrain.registry import MODELS

from _lib.training.pretrained import require_loadable
from mmrela.errors import UserError

FILE = Path(__file__).parents[3] / 'configs/finetune/resnet18_cifar10.py'
NARROW = dict(base_channels=8, stem_channels=8)


def config(file: object, **backbone: object) -> Config:
    cfg = Config.fromfile(FILE)
    cfg.model.backbone.update(NARROW | backbone)
    cfg.model.backbone.init_cfg.checkpoint = str(file)
    return cfg


@pytest.fixture
def checkpoint(tmp_path) -> Path:
    backbone = config('').model.backbone
    model = MODELS.build(dict(backbone, init_cfg=None))
    state = {f'backbone.{name}': value
             for name, value in model.state_dict().items()}
    torch.save(dict(state_dict=dict(state, other=torch.ones(1))),
               tmp_path / 'epoch_1.pth')
    return tmp_path / 'epoch_1.pth'


def test_the_backbone_it_was_made_from(checkpoint):
    require_loadable(config(checkpoint))
    before = torch.random.get_rng_state()
    require_loadable(config(checkpoint))
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize('changed, why', [
    (dict(type='ResNet'), r'conv1.weight is \[8, 3, 3, 3\] there, '
     r'\[8, 3, 7, 7\] here'),
    (dict(depth=34), 'layer1.2.conv1.weight is missing there')])
def test_another_backbone(checkpoint, changed, why):
    with pytest.raises(UserError, match=why):
        require_loadable(config(checkpoint, **changed))


def test_no_checkpoint(tmp_path):
    for file in ('', tmp_path / 'no.pth'):
        with pytest.raises(UserError, match='init_cfg.checkpoint=FILE'):
            require_loadable(config(file))
