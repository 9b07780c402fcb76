"""Scores without labels are those of plain formulas on the same images."""
from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from forked import run_ranks
from layouts import flat_folder
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmengine.runner.runner import _SlicedDataset
from mmpretrain.models import SelfSupDataPreprocessor
from mmpretrain.registry import DATASETS, TRANSFORMS
from torch import nn

from mmrela.batched import leave_colours
from mmrela.engine.cpu_ranks import CPUDistributedDataParallel
from mmrela.engine.scores import OnlineRankHook
from mmrela.engine.scores.views import ViewImages, Views
from mmrela.errors import UserError
from mmrela.measures.spectra import lidar
from mmrela.priors.own_backbone import as_prior
from mmrela.rng import seed_of, seeded
from mmrela.targets import Manifest, hash_ids, write_store

VIEWS = [dict(type='MultiView', num_views=2, transforms=[[dict(
    type='RandomResizedCrop', scale=16)]]), dict(type='PackInputs')]

GREY = [dict(type='MultiView', num_views=2, transforms=[[
    dict(type='RandomResizedCrop', scale=16),
    dict(type='RandomGrayscale', prob=1., keep_channels=True)]]),
    dict(type='PackInputs')]


class Net(nn.Module):
    """Means of the four quarters of an image, 12 numbers, and a map."""

    backbone = None  # it tells how to pool tokens, of which there are none

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(12, 6)

    def extract_feat(self, inputs):
        return self.linear(nn.functional.adaptive_avg_pool2d(
            inputs, 2).flatten(1))

    forward = extract_feat


def fake_runner(dataset):
    torch.manual_seed(0)
    rows = []
    return SimpleNamespace(
        cfg=ConfigDict(model=dict(data_preprocessor=dict(
            mean=[120.] * 3, std=[60.] * 3)), train_dataloader=dict(
                dataset=dict(pipeline=VIEWS))), model=Net(), rows=rows,
        train_dataloader=SimpleNamespace(num_workers=0, dataset=dataset),
        hooks=[], val_loop=None, iter=0, timestamp='now',
        logger=SimpleNamespace(info=lambda text: None),
        visualizer=SimpleNamespace(
            add_scalars=lambda row, step, file_path: rows.append(row)))


@pytest.fixture
def dataset(cifar_root, tmp_path):
    """300 images of which two are skipped, and targets of the others."""
    init_default_scope('mmpretrain')
    built = DATASETS.build(dict(
        type='RelaTargetDataset', host='CIFAR10Binary',
        data_root=str(cifar_root), split='test', indices=300,
        targets=str(tmp_path / 'targets'), rela_pipeline=[], pipeline=VIEWS))
    targets = np.random.default_rng(0).normal(size=(300, 5))
    reds = [built.dataset.get_data_info(i)['img'][..., 0].mean()
            for i in range(300)]
    targets[:, 0] += np.array(reds) / 10
    targets[[3, 8]] = 1000  # nobody should look
    write_store(tmp_path / 'targets', [targets], Manifest(
        300, 5, ids=hash_ids(built.sample_ids()), prior=dict(name='reds'),
        skipped=((3, 'a'), (8, 'b'))))
    return built


def started(dataset, **kwargs):
    runner = fake_runner(dataset)
    hook = OnlineRankHook(**kwargs)
    hook.before_train(runner)
    return hook, runner


def test_scores_of_the_images_that_are_left(dataset):
    hook, runner = started(dataset)
    kept = [i for i in range(300) if i not in (3, 8)]
    images = torch.stack([torch.from_numpy(dataset.dataset.get_data_info(i)[
        'img'].copy()).permute(2, 0, 1) for i in kept])
    features = runner.model((images.float() - 120) / 60).detach().double()
    values = np.linalg.svd(features.numpy(), compute_uv=False)
    shares = values / values.sum()
    assert runner.rows == [hook.scores(runner)]
    assert hook.names(runner) == list(runner.rows[0])
    rank = runner.rows[0]['rankme']
    assert rank == pytest.approx(np.exp(-(shares * np.log(shares)).sum()))
    assert 1 < rank < 6
    targets = dataset.store[kept].astype(float)
    order = torch.randperm(
        len(kept), generator=torch.Generator().manual_seed(0)).numpy()
    first, second = order[:149], order[149:]
    left = []
    for fitted, tested in ((first, second), (second, first)):
        x = np.c_[features.numpy(), np.ones(len(kept))]
        weight = np.linalg.lstsq(x[fitted], targets[fitted], rcond=None)[0]
        spread = targets[tested] - targets[fitted].mean(0)
        left.append(((x[tested] @ weight - targets[tested])**2).sum()
                    / (spread**2).sum())
    alignment = runner.rows[0]['alignment']
    assert alignment == pytest.approx(100 * (1 - np.mean(left)), abs=1.5)
    assert 2 < alignment < 98


def test_ranks_share_the_work(dataset, tmp_path):
    expected = started(dataset, lidar_views=2)[1].rows

    def work(rank):
        runner = fake_runner(dataset)
        runner.model = CPUDistributedDataParallel(runner.model)
        OnlineRankHook(lidar_views=2).before_train(runner)
        (tmp_path / f'{rank}.json').write_text(json.dumps(runner.rows))

    codes, said = run_ranks(work, 2, tmp_path)
    assert codes == [0, 0], said
    for rank in range(2):
        assert json.loads((tmp_path / f'{rank}.json').read_text()) == expected


def test_lidar_is_of_the_hosts_views(dataset):
    """The first view, by a seed for each image and number of a view."""
    hook, runner = started(dataset, limit=20, lidar_views=3)
    assert runner.rows == [hook.scores(runner)]  # the same views again
    assert hook.names(runner) == list(runner.rows[0])
    kept = [i for i in range(300) if i not in (3, 8)][::15]
    features = torch.empty(20, 3, 6)
    for i, row in enumerate(kept):
        for view in range(3):
            with seeded(seed_of(row, view)):
                seen = dataset.dataset[row]['inputs'][0]
            assert seen.shape == (3, 16, 16)
            features[i, view] = runner.model((seen[None] - 120.) / 60).detach()
    assert runner.rows[0]['lidar'] == pytest.approx(lidar(features))
    assert not torch.allclose(features[:, 0], features[:, 1])


@pytest.mark.parametrize('load', [[], [dict(type='LoadImageFromFile')]])
@pytest.mark.parametrize(
    'key', ['none', 'to_rgb', 'bgr_to_rgb', 'rgb_to_bgr'])
def test_views_have_the_channels_of_the_training(load, key, dataset):
    """What the data preprocessor makes of them in the host's stage."""
    stats = dict(mean=[120., 110., 100.], std=[60., 50., 40.])
    stats |= {} if key == 'none' else {key: True}
    cfg = ConfigDict(
        model=dict(data_preprocessor=stats),
        train_dataloader=dict(dataset=dict(pipeline=[*load, *VIEWS])))
    views = Views(dataset.dataset, [4], 2, bool(load))
    prior = as_prior('net', Net(), None, cfg)
    preprocess = SelfSupDataPreprocessor(**stats)
    for i in range(2):
        with seeded(seed_of(4, i)):
            view = dataset.dataset[4]['inputs'][0]
        wanted = preprocess(dict(inputs=[view[None]], data_samples=[]))
        torch.testing.assert_close(
            ViewImages(views, prior)[i], wanted['inputs'][0][0])


def test_views_of_other_numbers_are_refused(dataset):
    dataset.pipeline.transforms.insert(-1, lambda results: dict(
        results, img=[view / 255 for view in results['img']]))
    with pytest.raises(UserError, match='lidar_views needs views of eight'):
        started(dataset, limit=4, lidar_views=2)


def test_views_have_the_colours_that_are_left_to_the_device(dataset):
    dataset.pipeline.transforms[:] = [*map(TRANSFORMS.build, GREY)]
    with seeded(seed_of(4, 1)):
        wanted = dataset.dataset[4]['inputs'][0].permute(1, 2, 0).int()
    leave_colours(dataset.dataset)
    view = np.array(Views(dataset.dataset, [4], 2, False).picture(1), int)
    np.testing.assert_allclose(view, wanted, atol=1)
    assert wanted.max() > wanted.min() + 9


def test_epochs_of_a_part_of_the_images(dataset):
    """As `num_batch_per_epoch` makes them."""
    hook, runner = started(_SlicedDataset(dataset, 200))
    assert hook.names(runner) == list(runner.rows[0])
    kept = [i for i in range(202) if i not in (3, 8)]
    assert hook._rows == kept


def test_any_folder_without_targets(tmp_path):
    """Of mixed sizes; a plain host has no targets to be near to."""
    dataset = DATASETS.build(dict(
        type='CustomDataset', data_root=str(flat_folder(tmp_path)),
        with_label=False, pipeline=[dict(type='LoadImageFromFile')]))
    hook, runner = started(dataset, image_size=32, limit=5)
    assert list(runner.rows[0]) == ['rankme'] == hook.names(runner)
    assert 1 <= runner.rows[0]['rankme'] <= 5
    with pytest.raises(UserError, match='image_size'):
        started(dataset)


def test_a_limit_of_no_use_is_refused():
    with pytest.raises(UserError, match='limit must be at least 4, got 3'):
        OnlineRankHook(limit=3)
    with pytest.raises(UserError, match='lidar_views must be at least 2'):
        OnlineRankHook(lidar_views=1)
