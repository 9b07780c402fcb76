import random

import numpy as np
import pytest
import torch
from hosts import DIM, small_config
from mmpretrain.registry import DATASETS
from torch.utils.data import DataLoader

from mmrela.datasets.rela_target import RelaTargetDataset
from mmrela.datasets.samplers.rela_sampler import RelaIndex
from mmrela.errors import UserError
from mmrela.pictures.hue import mended_hue
from mmrela.rng import seeded
from mmrela.targets import TargetStoreError


@pytest.fixture
def cfg(cifar_root, tmp_path):
    return small_config('BYOL', cifar_root, tmp_path / 'work')


@pytest.fixture
def dataset(cfg):
    return DATASETS.build(cfg.train_dataloader.dataset)


def views(sample):
    return torch.stack(sample['inputs'])


def test_rela_stage_attaches_the_samples_own_target(dataset):
    for index in (0, 7, 63):
        sample = dataset[RelaIndex(index, 1, 5)]
        target = sample['data_samples'].rela_target
        assert target.dtype == np.float32 and target.shape == (DIM, )
        np.testing.assert_array_equal(target, dataset.store[index])
        assert sample['data_samples'].sample_idx == index


def test_host_stage_is_the_hosts_own_dataset(dataset):
    with mended_hue(), seeded(5):
        expected = dataset.dataset[9]
    sample = dataset[RelaIndex(9, 0, 5)]
    assert torch.equal(views(sample), views(expected))
    assert 'rela_target' not in sample['data_samples']


def test_the_host_may_be_a_class(cfg, dataset):
    wrapped = cfg.train_dataloader.dataset
    wrapped.host = DATASETS.get(wrapped.host)
    assert torch.equal(views(DATASETS.build(wrapped)[RelaIndex(9, 0, 5)]),
                       views(dataset[RelaIndex(9, 0, 5)]))
    folder = DATASETS.get('CustomDataset')
    with pytest.raises(UserError, match='^CustomDataset cannot read'):
        RelaTargetDataset(folder, 'none', [], data_root='nowhere')


def test_plain_integers_go_to_the_host(dataset):
    assert 'rela_target' not in dataset[3]['data_samples']


@pytest.mark.parametrize('lam', [0, 1])
def test_views_depend_on_the_view_seed_alone(dataset, lam):
    first = dataset[RelaIndex(2, lam, 11)]
    random.random(), np.random.rand(3), torch.rand(3)
    assert torch.equal(views(first), views(dataset[RelaIndex(2, lam, 11)]))
    other = dataset[RelaIndex(2, lam, 12)]
    assert not torch.equal(views(first), views(other))


def test_the_main_process_keeps_its_random_state(dataset):
    def draw():
        return random.random(), np.random.rand(), torch.rand(1).item()

    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    expected = draw()
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    dataset[RelaIndex(0, 1, 99)]
    assert draw() == expected


@pytest.mark.parametrize('workers', [1, 3])
def test_views_do_not_depend_on_the_workers(dataset, workers):
    stamps = [RelaIndex(i, i % 2, 100 + i) for i in range(12)]
    expected = [views(dataset[stamp]) for stamp in stamps]
    loader = DataLoader(dataset, None, sampler=stamps, num_workers=workers)
    for sample, want in zip(loader, expected):
        assert torch.equal(views(sample), want)


def test_weak_views_keep_half_of_the_image(cfg):
    """Crops of less than half the area would move the mean further."""
    cfg.train_dataloader.dataset.rela_pipeline[0].transforms = [[
        dict(type='NativeResizedCrop', crop_ratio_range=(1., 1.),
             aspect_ratio_range=(1., 1.))
    ]]
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    whole = dataset[RelaIndex(4, 1, 0)]['inputs'][0]
    image = dataset.dataset.get_data_info(4)['img']
    assert torch.equal(whole, torch.from_numpy(image).permute(2, 0, 1))


def test_concatenated_data_sets_line_up(cfg, image_folder):
    folder = dict(
        type='CustomDataset', data_root=str(image_folder),
        data_prefix='train', pipeline=[dict(type='LoadImageFromFile'),
                                       dict(type='PackInputs')])
    flat = dict(folder, with_label=False)
    cfg.train_dataloader.dataset = dict(
        type='RelaTargetDataset', host='ConcatDataset',
        datasets=[flat, dict(flat)], targets='none',
        rela_pipeline=[dict(type='PackInputs')])
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    single = DATASETS.build(flat)
    ids = list(dataset.sample_ids())
    assert len(ids) == 2 * len(single)
    paths = [single.get_data_info(i)['img_path'] for i in range(len(single))]
    for given, path in zip(ids, paths + paths):
        assert path.endswith(given)


def test_a_repeated_data_set(cfg):
    part = cfg.train_dataloader.dataset
    cfg.train_dataloader.dataset = dict(
        type=part.type, host='RepeatDataset', times=2, targets=part.targets,
        rela_pipeline=part.rela_pipeline, dataset=dict(
            type=part.host, data_root=part.data_root, split='train',
            indices=3, pipeline=part.pipeline))
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    ids = [name.partition(':')[2] for name in dataset.sample_ids()]
    assert len(ids) == 6 and ids[:3] == ids[3:] and len(set(ids)) == 3
    first, again = (views(dataset[RelaIndex(i, 1, 5)]) for i in (1, 4))
    assert torch.equal(first, again)


def test_a_pipeline_that_loads_nothing_is_refused(image_folder, tmp_path):
    pack = [dict(type='PackInputs')]
    dataset = RelaTargetDataset(
        'CustomDataset', str(tmp_path), pack, data_root=str(image_folder),
        data_prefix='train', pipeline=pack)
    with pytest.raises(UserError, match='LoadImageFromFile.* first in its'):
        dataset[RelaIndex(0, 1, 0)]


def test_a_pipeline_that_packs_nothing_is_refused(cfg):
    cfg.train_dataloader.dataset.rela_pipeline = [
        dict(type='RandomFlip', prob=0.5)]
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    with pytest.raises(UserError, match='must end with PackInputs'):
        dataset[RelaIndex(0, 1, 5)]


def test_a_pipeline_that_drops_images_is_refused(cfg):
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    dataset.rela_pipeline.transforms.insert(0, lambda results: None)
    with pytest.raises(UserError, match='rela_pipeline drops image 3, whose'):
        dataset[RelaIndex(3, 1, 5)]


def test_targets_of_other_images_are_refused(cfg, dataset):
    dataset.check_targets(DIM)
    cfg.train_dataloader.dataset.indices = list(range(1, 65))
    with pytest.raises(TargetStoreError, match='other images'):
        DATASETS.build(cfg.train_dataloader.dataset).check_targets()
    with pytest.raises(TargetStoreError, match='out_channels=16'):
        dataset.check_targets(DIM + 1)


def test_missing_data(cfg):
    cfg.train_dataloader.dataset.data_root = '/nowhere'
    with pytest.raises(UserError, match='prepare_cifar10.py'):
        DATASETS.build(cfg.train_dataloader.dataset)
