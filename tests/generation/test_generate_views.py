"""Targets of several crops of each image, recomputed crop by crop."""
from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from forked import run_ranks
from mmpretrain.registry import DATASETS
from PIL import Image
from stored_views import naive
from test_generate import (
    K,
    cifar,
    counting_prior,
    folder,
    one_by_one,
    random_prior,
    svd_targets,
)

from mmrela.datasets.rela_target import RelaTargetDataset
from mmrela.errors import UserError
from mmrela.features.images import PriorImages, images_of
from mmrela.generation.dry_run import estimate
from mmrela.generation.generate import generate, generate_each
from mmrela.generation.verify import verify_store
from mmrela.pictures.crops import RULE
from mmrela.priors import Prior, join
from mmrela.targets import TargetStore, TargetStoreError

N, VIEWS, BLOCK = 40, 3, 16  # blocks go across views


@pytest.fixture(scope='module')
def images(cifar_root) -> PriorImages:
    return PriorImages(cifar(cifar_root, N), counting_prior(), views=VIEWS)


def rows(store: TargetStore) -> np.ndarray:
    return store[np.arange(store.views * len(store))]


def wanted(images: PriorImages) -> np.ndarray:
    """(views · N, k) by the prior and an SVD, view by view."""
    arrays = [images.dataset.get_data_info(i)['img'] for i in range(N)]
    return svd_targets(one_by_one(images.prior.model, [
        images.prior.preprocess(Image.fromarray(naive(
            Image.fromarray(array), row, view)))
        for view in range(VIEWS) for row, array in enumerate(arrays)]))


def make(images: PriorImages, out) -> TargetStore:
    return generate(images, out, K, 'center', 'float32', block=BLOCK)


def content(directory) -> dict[str, bytes]:
    return {name: (directory / name).read_bytes()
            for name in ('targets.npy', 'pca.npz')}


def test_each_row_is_the_target_of_its_own_crop(images, tmp_path):
    store = make(images, tmp_path / 'out')
    assert (len(store), store.views, store.usable) == (N, VIEWS, VIEWS * N)
    assert store.meta['samples'] == N and store.meta['views'] == VIEWS
    found, naive_targets = rows(store), wanted(images)
    found *= np.sign((found * naive_targets).sum(0))
    assert found.shape == (VIEWS * N, K)
    np.testing.assert_allclose(
        found, naive_targets, atol=1e-4 * abs(naive_targets).max())
    store.verify()
    store.check(store.meta['ids'], N, K)
    assert store.meta['ids'] == make(
        replace(images, views=1), tmp_path / 'whole').meta['ids']
    assert 'views' not in TargetStore.open(tmp_path / 'whole').meta
    seen = [TargetStore.open(tmp_path / name).meta['prior'].pop(
        'preprocessing') for name in ('whole', 'out')]
    assert seen == ['as it is', f'{RULE}; as it is']


def test_verify(images, tmp_path):
    store = make(images, tmp_path)
    assert verify_store(store, images, 1000) > 0.9999
    with pytest.raises(TargetStoreError, match='3 views .*--views says 2'):
        verify_store(store, replace(images, views=2), 5)
    targets = np.load(tmp_path / 'targets.npy', mmap_mode='r+')
    targets[N + 7] *= -1
    targets.flush()
    with pytest.raises(TargetStoreError, match='view 1 of sample 7 has'):
        verify_store(store, images, 1000)
    with pytest.raises(TargetStoreError, match='rows 0 to 119 differ'):
        store.verify()


def test_a_store_of_other_views_is_not_replaced(images, tmp_path):
    store = make(images, tmp_path)
    for views in 1, 2:
        with pytest.raises(TargetStoreError, match=r'another views \(3\)'):
            make(replace(images, views=views), tmp_path)
    assert make(images, tmp_path).meta == store.meta
    (tmp_path / 'meta.json').unlink()
    with pytest.raises(UserError, match=r'another samples \(120, now 80\)'):
        make(replace(images, views=2), tmp_path)


def test_two_ranks_go_on_to_the_same_bytes(images, tmp_path):
    make(images, tmp_path / 'whole')
    make(images, tmp_path / 'out')
    (tmp_path / 'out' / 'meta.json').unlink()
    for block in 2, 5:
        (tmp_path / 'out' / 'features' / f'{block:05d}.npy').unlink()
    codes, said = run_ranks(
        lambda rank: make(images, tmp_path / 'out'), 2, tmp_path)
    assert codes == [0, 0], said
    assert content(tmp_path / 'out') == content(tmp_path / 'whole')


def test_several_priors_and_joined_ones(images, tmp_path):
    other = Prior('flat', torch.nn.Flatten(), random_prior().preprocess, '')
    parts = [images, replace(images, prior=other),
             replace(images, prior=join([counting_prior(), other]))]
    each = generate_each(parts, [tmp_path / name for name in 'abc'], K)
    for part, name, store in zip(parts, 'def', each):
        alone = generate(part, tmp_path / name, K)
        assert alone.views == VIEWS
        np.testing.assert_array_equal(rows(alone), rows(store))


def test_unreadable_images_lack_all_views(image_folder, tmp_path):
    root = shutil.copytree(image_folder, tmp_path / 'images')
    (root / 'train' / 'class_1' / '3.jpg').write_bytes(b'')
    images = PriorImages(folder(root), random_prior(32), views=2)
    with pytest.raises(UserError, match='cannot be read'):
        make(images, tmp_path / 'out')
    store = make(replace(images, skip=True), tmp_path / 'out')
    assert store.skipped == [9] and store.usable == 34
    assert (~rows(store).any(1)).nonzero()[0].tolist() == [9, 18 + 9]
    assert verify_store(store, images, 100) > 0.999
    data = RelaTargetDataset(
        'ImageNet', str(tmp_path / 'out'), [dict(type='PackInputs')],
        split='train', data_root=str(root),
        pipeline=[dict(type='LoadImageFromFile')])
    assert len(data) == 17


def test_the_cost_is_told(images, tmp_path):
    one, three = (
        estimate(replace(images, views=views), tmp_path, K).split('\n')
        for views in (1, VIEWS))
    assert 'for 40 images at' in one[1]
    assert 'for 40 images x 3 views at' in three[1]
    assert '4.32 kB of features' in one[2] and '400 B of targets' in one[2]
    assert '13 kB of features' in three[2] and '1.2 kB of targets' in three[2]


def test_features_of_a_file_are_of_whole_images(images):
    cfg = dict(train_dataloader=dict(num_workers=0))
    for name in 'file:a.npy', 'mine:1 + file:a.npy':
        prior = Prior(name, torch.nn.Flatten(), None, '')
        with pytest.raises(UserError, match='whole images alone: leave out'):
            images_of(cfg, images.dataset, prior, views=2)
        assert images_of(cfg, images.dataset, prior).views == 1


def test_a_bad_number_names_its_image(cifar_root, tmp_path):
    data = DATASETS.build(dict(
        type='CIFAR10Binary', data_root=str(cifar_root), indices=N,
        pipeline=[]))
    with pytest.raises(UserError, match='infinite features for image 4:'):
        make(PriorImages(data, counting_prior(N + 4), views=2), tmp_path)
