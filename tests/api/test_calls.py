"""The commands as calls, against what a user would compute by hand."""
from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.logging import MMLogger
from PIL import Image

import mmrela

ROOT = Path(__file__).parents[2]
CIFAR = 'configs/byol_rela_r18_cifar10_quickstart.py'
CHECKPOINT = 'work_dirs/byol_rela_r18_cifar10_quickstart/epoch_5.pth'


def by_hand(image: Image.Image) -> torch.Tensor:
    """Features of an image, (512,), by timm's network of that name."""
    model = timm.create_model('resnet18', num_classes=0)
    saved = torch.load(CHECKPOINT, weights_only=True)['state_dict']
    model.load_state_dict({key.removeprefix('backbone.'): value
                           for key, value in saved.items()})
    stats = Config.fromfile(CIFAR).data_preprocessor
    pixels = (np.asarray(image) - stats.mean) / stats.std
    batch = torch.from_numpy(pixels).float().permute(2, 0, 1)[None]
    with torch.inference_mode():
        return model.eval()(batch)[0]


def test_a_backbone_maps_images_to_features(place):
    backbone = mmrela.load_backbone(CIFAR, CHECKPOINT)
    assert not backbone.training
    assert all(weight.requires_grad for weight in backbone.parameters())
    rng = np.random.default_rng(0)
    image = Image.fromarray(rng.integers(256, size=(40, 36, 3), dtype='uint8'))
    batch = backbone.preprocess(image)[None]
    assert batch.shape == (1, 3, 40, 36)
    found = backbone(batch)
    found.sum().backward()
    torch.testing.assert_close(found[0].detach(), by_hand(image), rtol=1e-4,
                               atol=1e-4)
    square = mmrela.load_backbone(CIFAR, CHECKPOINT, 32).preprocess(image)
    assert square.shape == (3, 32, 32)


def test_features_of_a_folder(place):
    features, ids = mmrela.embed(CIFAR, CHECKPOINT, 'photos', image_size=32)
    assert features.shape == (18, 512) and features.dtype == np.float32
    assert ids == [f'class_{c}/{i}.jpg' for c in range(3) for i in range(6)]
    backbone = mmrela.load_backbone(CIFAR, CHECKPOINT, image_size=32)
    with torch.inference_mode(), Image.open(f'photos/{ids[7]}') as image:
        wanted = backbone(backbone.preprocess(image)[None])[0]
    np.testing.assert_allclose(features[7], wanted, rtol=1e-4, atol=1e-4)


def test_features_of_the_trainings_images(place):
    """Of a config that is loaded, and of a prior; both stay silent."""
    cfg = Config.fromfile(CIFAR)
    before, logger = cfg.to_dict(), MMLogger.get_current_instance()
    logger.setLevel(logging.INFO)
    features, ids = mmrela.embed(cfg, prior='random:3')
    assert cfg.to_dict() == before and logger.level == logging.INFO
    assert features.shape == (20, 512)
    assert ids[19].startswith('19:(32, 32, 3):')
    again, _ = mmrela.embed(CIFAR, prior='random:3')
    np.testing.assert_array_equal(again, features)


def test_scores_are_those_of_evaluate(place):
    both = mmrela.evaluate(CIFAR, CHECKPOINT, epochs=3, seed=4, labels=[2])
    linear = mmrela.linear_probe(CIFAR, CHECKPOINT, epochs=3, seed=4)
    knn = mmrela.knn(CIFAR, CHECKPOINT)
    assert linear['linear_top1'] == both['linear_top1']
    for key in ('knn_top1', 'knn_top5', 'model', 'train_images',
                'test_images'):
        assert knn[key] == both[key]
    assert (both['train_images'], both['test_images']) == (60, 30)
    few, = both['few_labels']
    assert few['images'] == 20


def test_one_neighbour_votes(place, image_folder):
    """Of folders of classes: the nearest training image by the cosine."""
    found = mmrela.knn(CIFAR, CHECKPOINT, data=image_folder, image_size=32,
                       neighbours=1)
    (bank, ids), (features, _) = (
        mmrela.embed(CIFAR, CHECKPOINT, image_folder / split, image_size=32)
        for split in ('train', 'val'))
    cosines = F.normalize(torch.from_numpy(features)) @ (
        F.normalize(torch.from_numpy(bank)).T)
    voted = [ids[row][:7] for row in cosines.argmax(1)]
    right = [vote == name[:7] for vote, name in zip(voted, ids)]
    assert found['knn_top1'] == pytest.approx(100 * np.mean(right), abs=0.01)


def test_the_pages_block_runs(place):
    page = (ROOT / 'tools/README.md').read_text()
    section = page.partition('\n## From Python\n')[2].partition('\n## ')[0]
    scope: dict = {}
    exec(section.partition('```python\n')[2].partition('```')[0], scope)
    assert {*mmrela.CALLS} <= {*section.replace('(', '.').split('.')}
    assert scope['features'].shape == (18, 512)
    assert 0 <= scope['scores']['knn_top1'] <= 100
    with Image.open(f'photos/{scope["ids"][0]}') as image:
        batch = scope['backbone'].preprocess(image)[None]
    with torch.inference_mode():
        torch.testing.assert_close(
            scope['model'].eval()(batch), scope['backbone'](batch),
            rtol=1e-4, atol=1e-4)
