"""Calls that cannot be right end in a sentence."""
from __future__ import annotations

import pytest
from mmengine.config import Config

import mmrela
from mmrela.errors import UserError

CIFAR = 'configs/byol_rela_r18_cifar10_quickstart.py'
CHECKPOINT = 'work_dirs/byol_rela_r18_cifar10_quickstart/epoch_5.pth'


@pytest.mark.parametrize('name, arguments, why', [
    ('embed', dict(), 'name either a checkpoint or a prior'),
    ('knn', dict(checkpoint=CHECKPOINT, prior='random'), 'name either'),
    ('embed', dict(prior='rndom'), 'is a prior of kind random meant'),
    ('embed', dict(prior='random', images='photo'), 'no folder at photo'),
    ('embed', dict(prior='random', images='configs'), 'no pictures below'),
    ('knn', dict(prior='random', neighbours=0), 'at least 1 must vote'),
    ('knn', dict(prior='random', data='photos'), 'has no folder train'),
    ('evaluate', dict(prior='random', labels=[1.5]), 'neither a share'),
    ('load_backbone', dict(checkpoint='no.pth'), 'no checkpoint at no.pth'),
    ('export_backbone', dict(checkpoint=CHECKPOINT, to='tim'), 'timm meant'),
])
def test_a_mistake_is_a_sentence(place, name, arguments, why):
    with pytest.raises(UserError, match=why) as error:
        getattr(mmrela, name)(CIFAR, **arguments)
    assert '\n' not in str(error.value)


def test_configs_that_are_none(place):
    with pytest.raises(UserError, match=f'is {CIFAR} meant'):
        mmrela.knn(CIFAR.replace('_r18', ''), prior='random')
    cfg = Config(dict(model=dict(), train_dataloader=dict(num_workers=0)))
    with pytest.raises(UserError, match='the config has no `probe`'):
        mmrela.knn(cfg, prior='random')
    with pytest.raises(UserError, match='has no model.backbone'):
        mmrela.embed(cfg, CHECKPOINT, 'photos')


def test_an_image_that_cannot_be_read(place, tmp_path):
    (tmp_path / 'broken.jpg').write_bytes(b'none')
    with pytest.raises(UserError, match='remove it, or pass skip=True'):
        mmrela.embed(CIFAR, CHECKPOINT, tmp_path, image_size=32)
