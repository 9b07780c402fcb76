"""The images of a prior: what a config says of them, and their ids."""
from __future__ import annotations

import numpy as np
import pytest
import torch
from mmpretrain.datasets import CustomDataset
from PIL import Image
from torch import nn

from mmrela.datasets.rela_target import RelaTargetDataset
from mmrela.features.images import images_of
from mmrela.priors import Prior
from mmrela.priors.own_backbone import load_random


def pixels(image):
    return torch.tensor(np.array(image)).permute(2, 0, 1).float()


@pytest.fixture
def dataset(image_folder):
    return RelaTargetDataset(
        'ImageNet', 'nowhere', [], split='train', data_root=str(image_folder),
        pipeline=[dict(type='LoadImageFromFile')])


@pytest.fixture(scope='module')
def red(tmp_path_factory):
    """A folder of one red picture, and mmpretrain's data set of it."""
    root = tmp_path_factory.mktemp('red')
    Image.new('RGB', (8, 8), (250, 20, 10)).save(root / 'red.png')
    return CustomDataset(data_root=str(root), with_label=False, pipeline=[
        dict(type='LoadImageFromFile')])


@pytest.mark.parametrize('where', ['model', 'beside'])
@pytest.mark.parametrize('to_rgb', [True, False, None])
def test_red_stays_red_whatever_the_model_swaps(red, to_rgb, where):
    """The order of channels is the loader's: the files come as BGR."""
    settings = dict(data_preprocessor=dict(to_rgb=to_rgb))
    cfg = dict(train_dataloader=dict(num_workers=3), model=settings)
    if where == 'beside':
        cfg = dict(cfg, model={}, **settings)
    images = images_of(cfg, red, Prior('pixels', nn.Identity(), pixels, ''))
    assert (images.workers, images.skip) == (3, False)
    assert images[0].mean((1, 2)).tolist() == [250, 20, 10]
    assert red[0]['img'][0, 0].tolist() == [10, 20, 250]


@pytest.mark.parametrize('cfg', [
    {}, dict(train_dataloader=None),
    dict(train_dataloader=dict(batch_size=2))])
def test_nobody_needs_to_say_how_many_workers(red, cfg):
    cfg = dict(cfg, model=dict(backbone=dict(type='ResNet', depth=18)))
    images = images_of(cfg, red, load_random('', None, None, cfg))
    assert images.workers == 0  # as for torch
    assert images[0].mean((1, 2)).tolist() == [250, 20, 10]


def test_ids_are_those_of_training(dataset):
    images = images_of(dict(train_dataloader=dict(num_workers=0), model={}),
                       dataset.dataset, None)
    assert list(images.ids()) == list(dataset.sample_ids())
    assert len(images) == len(list(images.ids())) == 18
