"""Which stored view a training shows, and that it is the prior's crop."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hosts import small_config
from mmpretrain.registry import DATASETS
from PIL import Image
from stored_views import naive, write_views
from torch.utils.data import DataLoader

from mmrela.datasets.rela_target import RelaTargetDataset
from mmrela.datasets.samplers.rela_sampler import RelaIndex
from mmrela.errors import UserError
from mmrela.pictures.hue import mended_hue
from mmrela.rng import seeded
from mmrela.targets import (
    Manifest,
    TargetStoreError,
    hash_ids,
    write_store,
)

N, VIEWS = 64, 3
BARE = [dict(type='MultiView', num_views=1, transforms=[[]]),
        dict(type='PackInputs')]


@pytest.fixture
def cfg(cifar_root, tmp_path):
    cfg = small_config('BYOL', cifar_root, tmp_path / 'work')
    cfg.train_dataloader.dataset.rela_pipeline = BARE
    return cfg


@pytest.mark.parametrize('epochs, shown', [
    (1, [0, 1, 2, 0, 1, 2, 0]), (2, [0, 0, 1, 1, 2, 2, 0])])
def test_views_come_round(cfg, epochs, shown):
    vectors = write_views(cfg, VIEWS)
    cfg.train_dataloader.dataset.view_epochs = epochs
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    for epoch, view in enumerate(shown):
        for row in 0, 41:
            sample = dataset[RelaIndex(row, 1, 5, epoch)]
            np.testing.assert_array_equal(
                sample['data_samples'].rela_target, vectors[view * N + row])
            image = dataset.dataset.get_data_info(row)['img']
            np.testing.assert_array_equal(
                sample['inputs'][0].permute(1, 2, 0),
                naive(Image.fromarray(image), row, view))


def test_the_hosts_stage_sees_whole_images(cfg):
    write_views(cfg, VIEWS)
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    with mended_hue(), seeded(5):
        expected = dataset.dataset[9]['inputs']
    for epoch in 0, 1:
        found = dataset[RelaIndex(9, 0, 5, epoch)]
        assert 'rela_target' not in found['data_samples']
        assert all(map(torch.equal, found['inputs'], expected))


def test_flips_depend_on_the_view_seed_alone(cfg):
    """Crops draw, too, but change nothing that is drawn after them."""
    write_views(cfg, VIEWS)
    data = cfg.train_dataloader.dataset
    data.rela_pipeline = [dict(BARE[0], transforms=[[
        dict(type='RandomFlip', prob=0.5)]]), BARE[1]]
    dataset, plain = DATASETS.build(data), DATASETS.build(
        dict(data, rela_pipeline=BARE))
    stamps = [RelaIndex(i % 4, 1, seed, i % 3)
              for seed in (2, 7) for i in range(12)]
    loader = DataLoader(dataset, None, sampler=stamps, num_workers=2)
    flips: dict[int, set] = {}
    for stamp, found in zip(stamps, loader):
        view, = found['inputs']
        assert torch.equal(view, dataset[stamp]['inputs'][0])
        whole, = plain[stamp]['inputs']
        flips.setdefault(stamp.view_seed, set()).add(
            [torch.equal(view, whole), torch.equal(view, whole.flip(2))]
            .index(True))
    assert sorted(map(len, flips.values())) == [1, 1]


@pytest.mark.parametrize('late', [False, True])
def test_files_of_several_sizes(image_folder, tmp_path, late):
    """The data set loads BGR, priors see RGB; JPEGs, perhaps undecoded."""
    loads = [dict(type='LoadImageFromFile')]
    crop = dict(type='RandomResizedCrop', scale=32)
    given = dict(host='ImageNet', data_root=str(image_folder), split='train',
                 targets=str(tmp_path), pipeline=[*loads, crop, BARE[1]])
    plain = RelaTargetDataset(rela_pipeline=BARE, **given)
    write_store(tmp_path, [np.zeros((36, 2), 'f4')], Manifest(
        18, 2, 'float32', hash_ids(plain.sample_ids()), views=2))
    dataset = RelaTargetDataset(
        rela_pipeline=BARE, late_decoding=late, **given)
    for row in range(18):
        image = plain.dataset.get_data_info(row)['img_path']
        wanted = naive(Image.fromarray(np.asarray(
            plain.dataset.pipeline.transforms[0](dict(img_path=image))['img'])
        ), row, 1)
        found, = dataset[RelaIndex(row, 1, 0, 1)]['inputs']
        np.testing.assert_array_equal(found.permute(1, 2, 0), wanted)


def test_floats_are_refused(image_folder, tmp_path):
    dataset = RelaTargetDataset(
        'ImageNet', str(tmp_path), BARE, data_root=str(image_folder),
        split='train',
        pipeline=[dict(type='LoadImageFromFile', to_float32=True)])
    write_store(tmp_path, [np.zeros((36, 2), 'f4')], Manifest(
        18, 2, 'float32', hash_ids(dataset.sample_ids()), views=2))
    with pytest.raises(UserError, match='float32: stored views are crops of'):
        dataset[RelaIndex(0, 1, 0)]


def test_views_by_another_rule_are_refused(cfg):
    write_views(cfg, VIEWS)
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    dataset.check_targets()
    file = Path(dataset.targets) / 'meta.json'
    file.write_text(file.read_text().replace('4096 lines', '64 lines'))
    with pytest.raises(TargetStoreError, match='other crops .*--views 3 with'):
        DATASETS.build(cfg.train_dataloader.dataset).check_targets()


@pytest.mark.parametrize('number', [0, -1, 1.5, '2', True])
def test_epochs_that_are_none(cfg, number):
    cfg.train_dataloader.dataset.view_epochs = number
    with pytest.raises(UserError, match='view_epochs must be a positive'):
        DATASETS.build(cfg.train_dataloader.dataset)
