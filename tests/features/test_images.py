"""The images of a prior: what a config says of them, and their ids."""
from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from mmrela.datasets.rela_target import RelaTargetDataset
from mmrela.features.images import images_of
from mmrela.priors import Prior


def pixels(image):
    return torch.tensor(np.array(image)).permute(2, 0, 1).float()


@pytest.fixture
def dataset(image_folder):
    return RelaTargetDataset(
        'ImageNet', 'nowhere', [], split='train', data_root=str(image_folder),
        pipeline=[dict(type='LoadImageFromFile')])


@pytest.mark.parametrize('where', ['model', 'beside'])
@pytest.mark.parametrize('to_rgb', [True, False])
def test_a_config_tells_how_to_read(dataset, to_rgb, where):
    """The file is loaded as BGR; a model that swaps channels knows it."""
    settings = dict(data_preprocessor=dict(to_rgb=to_rgb))
    cfg = dict(train_dataloader=dict(num_workers=3), model=settings)
    if where == 'beside':
        cfg = dict(cfg, model={}, **settings)
    prior = Prior('pixels', nn.Identity(), pixels, '')
    images = images_of(cfg, dataset.dataset, prior)
    assert (images.bgr, images.workers, images.skip) == (to_rgb, 3, False)
    loaded = dataset.dataset[4]['img']
    seen = images[4].permute(1, 2, 0).numpy()
    assert (seen == (loaded[..., ::-1] if to_rgb else loaded)).all()
    assert not (loaded == loaded[..., ::-1]).all()


def test_ids_are_those_of_training(dataset):
    images = images_of(dict(train_dataloader=dict(num_workers=0), model={}),
                       dataset.dataset, None)
    assert list(images.ids()) == list(dataset.sample_ids())
    assert len(images) == len(list(images.ids())) == 18
