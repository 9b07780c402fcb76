"""The data set on the device against the one on the CPU."""
from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from hosts import DIM, HOSTS, small_config
from mmengine.runner import Runner
from mmpretrain.registry import DATASETS
from stored_views import write_views

from mmrela.datasets.samplers.rela_sampler import RelaIndex
from mmrela.errors import UserError

STAMPS = [RelaIndex(index, 1, 100 + index) for index in (5, 0, 63, 17)]


@pytest.fixture(scope='module')
def written(cifar_root, tmp_path_factory):
    """The leaf's config, with targets on disk."""
    work_dir = tmp_path_factory.mktemp('device') / 'work'
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(HOSTS, 'device', (
            'byol_rela_r18_cifar10_device.py', HOSTS['BYOL'][1]))
        return small_config('device', cifar_root, work_dir)


@pytest.fixture
def cfg(written):
    return copy.deepcopy(written)


@pytest.fixture(scope='module')
def dataset(written):
    return DATASETS.build(written.train_dataloader.dataset)


def test_holds_the_hosts_images_and_targets(dataset):
    assert dataset.images.shape == (64, 3, 32, 32)
    for index in (0, 31, 63):
        image = dataset.dataset.get_data_info(index)['img']
        np.testing.assert_array_equal(
            dataset.images[index].cpu().permute(1, 2, 0), image)
    np.testing.assert_array_equal(
        dataset.rela_targets.cpu(), dataset.store[np.arange(64)])


def test_rela_stage_gives_weak_views_and_targets(dataset):
    batch = dataset.__getitems__(STAMPS)
    views, samples = batch['inputs'], batch['data_samples']
    assert [view.shape for view in views] == [(4, 3, 32, 32)]
    for sample, stamp in zip(samples, STAMPS):
        assert sample.rela_target.dtype == torch.float32
        np.testing.assert_array_equal(
            sample.rela_target.cpu(), dataset.store[stamp.index])


def test_host_stage_gives_the_hosts_views(dataset):
    strong = [stamp._replace(lam=0) for stamp in STAMPS]
    batch = dataset.__getitems__(strong)
    assert not any('rela_target' in s for s in batch['data_samples'])
    weak = dataset.__getitems__(STAMPS)['inputs']
    assert not torch.equal(batch['inputs'][0], weak[0])


@pytest.mark.parametrize('lam', [0, 1])
def test_a_view_depends_on_its_stamp_alone(dataset, lam):
    stamps = [stamp._replace(lam=lam) for stamp in STAMPS]
    together = dataset.__getitems__(stamps)['inputs']
    state = torch.get_rng_state()
    for row, stamp in enumerate(stamps):
        alone = dataset.__getitems__([stamp])['inputs']
        assert all(torch.equal(a[0], t[row])
                   for a, t in zip(alone, together))
    assert torch.equal(state, torch.get_rng_state())


def test_the_loader_passes_a_batch_on_as_it_is(cfg):
    loader = Runner.build_dataloader(cfg.train_dataloader, seed=0)
    batch = next(iter(loader))
    expected = loader.dataset.__getitems__(
        next(iter(loader.batch_sampler)))
    assert len(batch['data_samples']) == 8
    assert all(torch.equal(*pair)
               for pair in zip(batch['inputs'], expected['inputs']))


def test_skipped_samples_are_left_out(cfg):
    class Store:
        skipped = [1, 4]

        def __getitem__(self, rows):
            return np.float32(rows)[:, None].repeat(DIM, 1)

    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    dataset.__dict__['store'] = Store()
    dataset.__dict__['_gaps'] = np.array([1, 4]) - np.arange(2)
    assert len(dataset) == len(dataset.images) == 62
    assert dataset.rela_targets[:4, 0].tolist() == [0, 2, 3, 5]
    np.testing.assert_array_equal(
        dataset.images[3].cpu().permute(1, 2, 0),
        dataset.dataset.get_data_info(5)['img'])


class LoadOther:
    """Pixels of another type."""

    def __init__(self, kind, scale):
        self.kind, self.scale = kind, scale

    def __call__(self, results):
        return dict(results, img=results['img'].astype(
            self.kind) * self.kind(self.scale))


@pytest.mark.parametrize('kind, scale', [
    (np.float32, 1 / 255), (np.uint16, 257), (np.float32, 1)])
def test_images_of_no_bytes_are_refused(kind, scale, cfg):
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    wanted = dataset.dataset.get_data_info(0)['img']
    dataset.dataset.pipeline.transforms.insert(0, LoadOther(kind, scale))
    if scale == 1:  # to_float32
        np.testing.assert_array_equal(
            dataset.images[0].cpu().permute(1, 2, 0), wanted)
        return
    with pytest.raises(UserError, match='is no whole numbers of 0 to 255'):
        dataset.images  # noqa: B018


def test_images_of_several_sizes_are_refused(cfg, image_folder):
    cfg.train_dataloader.dataset.update(
        host='CustomDataset', data_root=str(image_folder / 'train'),
        pipeline=[dict(type='LoadImageFromFile'),
                  *cfg.train_dataloader.dataset.pipeline])
    for key in ('split', 'indices'):
        cfg.train_dataloader.dataset.pop(key)
    with pytest.raises(UserError, match='needs images of one size'):
        _ = DATASETS.build(cfg.train_dataloader.dataset).images


def test_workers_are_refused(cfg):
    cfg.train_dataloader.num_workers = 1
    loader = Runner.build_dataloader(cfg.train_dataloader, seed=0)
    with pytest.raises(UserError, match='set train_dataloader.num_workers=0'):
        next(iter(loader))


def test_hosts_without_a_pipeline_are_refused(cfg):
    cfg.train_dataloader.dataset.pipeline = []
    with pytest.raises(UserError, match=r'dataset\.pipeline: .*nothing'):
        DATASETS.build(cfg.train_dataloader.dataset)


def test_a_stored_view_is_cropped_when_it_is_on(cfg):
    """The same crops and targets as one by one, view after view."""
    data = cfg.train_dataloader.dataset
    data.rela_pipeline = [dict(type='MultiView', num_views=1, transforms=[[
        dict(type='RandomFlip', prob=0.)]]), dict(type='PackInputs')]
    vectors = write_views(cfg, 3)
    dataset = DATASETS.build(data)
    single = DATASETS.build(dict(data, type='RelaTargetDataset'))
    for epoch in 0, 1, 1, 2, 3:
        stamps = [stamp._replace(epoch=epoch) for stamp in STAMPS]
        batch = dataset.__getitems__(stamps)
        for stamp, view, sample in zip(
                stamps, batch['inputs'][0], batch['data_samples']):
            wanted = single[stamp]
            assert torch.equal(view.cpu(), wanted['inputs'][0])
            np.testing.assert_array_equal(
                sample.rela_target.cpu(),
                vectors[epoch % 3 * 64 + stamp.index])
    strong = [stamp._replace(lam=0, epoch=1) for stamp in STAMPS]
    plain = DATASETS.build(dict(data, targets='none'))
    assert all(map(torch.equal, dataset.__getitems__(strong)['inputs'],
                   plain.__getitems__(strong)['inputs']))
