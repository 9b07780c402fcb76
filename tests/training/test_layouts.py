"""In each layout, targets and views of a sample are of the same image.

The prior here is the colour of an image. All three principal components of
it are a rotation, so targets are as far apart as the images' colours are.
"""
from __future__ import annotations

import re
from pathlib import Path

import layouts
import numpy as np
import pytest
from mmengine.registry import init_default_scope
from torch import nn
from torchvision.transforms.functional import pil_to_tensor

from mmrela.datasets.rela_target import RelaTargetDataset
from mmrela.datasets.samplers.rela_sampler import RelaIndex
from mmrela.features.images import PriorImages
from mmrela.generation.generate import generate
from mmrela.priors import Prior
from mmrela.targets import TargetStoreError

LOAD = [dict(type='LoadImageFromFile')]
WEAK = [
    dict(type='MultiView', num_views=1, transforms=[[
        dict(type='RandomResizedCrop', scale=16, crop_ratio_range=(0.5, 1.0)),
        dict(type='RandomFlip', prob=0.5),
    ]]),
    dict(type='PackInputs')
]
FLAT = dict(type='CustomDataset', with_label=False, pipeline=LOAD)
CLASSES = dict(type='CustomDataset', data_prefix='train', pipeline=LOAD)
# Name -> builder, the host's arguments, number of images.
LAYOUTS = dict(
    flat=(layouts.flat_folder, FLAT, 24),
    classes=(layouts.class_folders, CLASSES, 24),
    imagenet=(layouts.imagenet, dict(
        type='ImageNet', split='train', pipeline=LOAD), 24),
    tiny=(layouts.tiny_imagenet, dict(type='TinyImageNet'), 24),
    cifar100=(layouts.cifar100, dict(
        type='CIFAR100Binary', split='test', indices=list(range(64))), 64),
    cifar10_python=(layouts.cifar_python, dict(type='CIFAR10'), 40),
    cifar100_python=(layouts.cifar_python, dict(type='CIFAR100'), 8),
    fashion=(layouts.fashion_mnist, dict(
        type='FashionMNIST', indices=list(range(8))), 8))
IS_BGR = {'flat', 'classes', 'imagenet'}
GREY = re.compile(  # their ids
    r'01\.JPEG|13\.png|_(4|9|14|19)\.JPEG|:\(28, 28\):')


@pytest.fixture(autouse=True)
def unchecked(monkeypatch):
    """mmpretrain's CIFAR knows the checksums of the real files."""
    init_default_scope('mmpretrain')
    monkeypatch.setattr(
        'mmpretrain.datasets.cifar.check_md5', lambda *args: True)


def colour_prior() -> Prior:
    class Mean(nn.Module):
        def forward(self, x):
            return x.mean((2, 3))

    return Prior('colour', Mean(), lambda image: pil_to_tensor(
        image.resize((8, 8))).float(), 'none')


def wrap(host: dict, targets: Path, **kwargs) -> RelaTargetDataset:
    host = {**host, **kwargs}
    return RelaTargetDataset(host.pop('type'), str(targets), WEAK, **host)


def true_colours(dataset: RelaTargetDataset) -> np.ndarray:
    """RGB of the images, (N, 3), by their names or indices alone."""
    def colour(sample_id):
        image = layouts.plain(int(re.search(
            r'(\d+)(\.\w+$|:)', sample_id)[1]))
        if GREY.search(sample_id):
            image = image.convert('L').convert('RGB')
        return image.getpixel((0, 0))

    return np.array([colour(name) for name in dataset.sample_ids()], float)


def distances(rows: np.ndarray) -> np.ndarray:
    return np.linalg.norm(rows[:, None] - rows, axis=2)


def assert_aligned(dataset: RelaTargetDataset, bgr: bool) -> None:
    generate(PriorImages(dataset.dataset, colour_prior()),
             dataset.targets, 3, dtype='float32')
    dataset.check_targets(3)
    colours, views, targets = true_colours(dataset), [], []
    for i in range(len(dataset)):
        sample = dataset[RelaIndex(i, 1, 100 + i)]
        view = sample['inputs'][0].double().mean((1, 2)).numpy()
        views.append(view[::-1] if bgr else view)
        targets.append(sample['data_samples'].rela_target)
        image = dataset[RelaIndex(i, 0, 100 + i)]['img'][0, 0]
        np.testing.assert_allclose(image[::-1] if bgr else image, colours[i],
                                   atol=2.5)
    np.testing.assert_allclose(views, colours, atol=2.5)
    np.testing.assert_allclose(
        distances(np.array(targets)), distances(colours), atol=5)


@pytest.mark.parametrize('name', LAYOUTS)
def test_targets_and_views_line_up(name, tmp_path):
    build, host, count = LAYOUTS[name]
    host = dict(host, data_root=str(build(tmp_path)))
    dataset = wrap(host, tmp_path / 'targets')
    assert len(dataset) == count
    assert len(np.unique(true_colours(dataset), axis=0)) == count
    assert_aligned(dataset, bgr=name in IS_BGR)
    labelled = 'gt_label' in dataset[RelaIndex(0, 1, 0)]['data_samples']
    assert labelled is (name != 'flat')

    wrap(host, tmp_path / 'targets').check_targets(3)
    for indices, match in ((list(range(count))[::-1], 'another order'),
                           (5, 'the data set has 5')):
        other = wrap(host, tmp_path / 'targets', indices=indices)
        with pytest.raises(TargetStoreError, match=match):
            other.check_targets(3)


def test_several_data_sets_line_up(tmp_path):
    """A part of one comes twice, so the same image has two targets."""
    flat, classes = tmp_path / 'flat', tmp_path / 'classes'
    flat.mkdir(), classes.mkdir()
    parts = [dict(FLAT, data_root=str(layouts.flat_folder(flat))),
             dict(FLAT, data_root=str(layouts.class_folders(classes)))]
    parts.append(dict(parts[0], indices=[3, 1]))
    dataset = wrap(dict(type='ConcatDataset', datasets=parts),
                   tmp_path / 'targets')
    assert len(dataset) == 24 + (24 + 8) + 2
    assert_aligned(dataset, bgr=True)
    turned = wrap(dict(type='ConcatDataset', datasets=parts[::-1]),
                  tmp_path / 'targets')
    with pytest.raises(TargetStoreError, match='another order'):
        turned.check_targets(3)


@pytest.mark.parametrize('name', ['flat', 'tiny'])
def test_a_store_fits_however_its_root_is_spelled(name, tmp_path):
    build, host, _ = LAYOUTS[name]
    build(tmp_path)
    plain, slash = (
        list(wrap(host, tmp_path, data_root=str(root)).sample_ids())
        for root in (tmp_path, f'{tmp_path}/'))
    assert plain == slash
