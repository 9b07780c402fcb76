"""From images to a store, against a recomputation image by image."""
from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from mmpretrain.registry import DATASETS, MODELS
from PIL import Image
from torch.utils.data import Dataset

from mmrela.datasets.rela_target import RelaTargetDataset
from mmrela.datasets.samplers.rela_sampler import RelaIndex
from mmrela.errors import UserError
from mmrela.features.images import PriorImages
from mmrela.generation.generate import generate
from mmrela.generation.verify import verify_store
from mmrela.pca import BatchPCA
from mmrela.priors import Prior, build_prior, join
from mmrela.targets import TargetStore, TargetStoreError

K = 5
CFG = dict(
    model=dict(
        backbone=dict(
            type='ResNet', depth=18, stem_channels=4, base_channels=4)),
    data_preprocessor=dict(mean=[100., 120., 140.], std=[50., 60., 70.]))
PACK = [dict(type='PackInputs')]


def cifar(root, indices: int = 140) -> Dataset:
    return DATASETS.build(dict(
        type='CIFAR10Binary', data_root=str(root), indices=indices,
        pipeline=[]))


def folder(root) -> Dataset:
    return DATASETS.build(dict(
        type='ImageNet', data_root=str(root), split='train',
        pipeline=[dict(type='LoadImageFromFile')]))


@pytest.fixture(scope='module')
def images(cifar_root) -> Dataset:
    return cifar(cifar_root)  # two batches, the second one smaller


@pytest.fixture
def broken_folder(image_folder, tmp_path):
    """The images, and the path of one whose end is missing."""
    root = shutil.copytree(image_folder, tmp_path / 'images')
    return root, root / 'train' / 'class_1' / '3.jpg'


def random_prior(size: int | None = None) -> Prior:
    return build_prior('random:3', image_size=size, cfg=CFG)


def svd_targets(features: np.ndarray) -> np.ndarray:
    centred = features - features.mean(0)
    return centred @ np.linalg.svd(centred)[2][:K].T


def svd_whitened(features: np.ndarray) -> np.ndarray:
    targets = svd_targets(features)
    return targets / targets.std(0, ddof=1)


def difference(store: TargetStore, wanted: np.ndarray) -> float:
    """The largest one, up to signs, relative to the largest target."""
    found = np.stack([store[i] for i in range(len(store))])
    found = found * np.sign((found * wanted).sum(0))
    return abs(found - wanted).max() / abs(wanted).max()


@torch.inference_mode()
def one_by_one(model, inputs) -> np.ndarray:
    return np.concatenate(
        [model(x[None]).double().numpy() for x in inputs])


def untrained_backbone() -> torch.nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        backbone = MODELS.build(CFG['model']['backbone'])
        backbone.init_weights()
    backbone.eval()
    return backbone


@pytest.mark.parametrize('normalize, naive', [
    ('center', svd_targets), (None, svd_whitened)])  # None: the prior's own
@pytest.mark.parametrize('dtype, bound',
                         [('float16', 5e-4), ('float32', 1e-5)])
def test_targets_of_arrays(images, tmp_path, dtype, bound, normalize, naive):
    store = generate(PriorImages(images, random_prior()), tmp_path, K,
                     normalize, dtype)
    backbone = untrained_backbone()
    mean, std = (torch.tensor(CFG['data_preprocessor'][key])[:, None, None]
                 for key in ('mean', 'std'))
    arrays = [images.get_data_info(i)['img'] for i in range(140)]
    inputs = [(torch.from_numpy(a).permute(2, 0, 1) - mean) / std
              for a in arrays]
    features = one_by_one(lambda x: backbone(x)[-1].mean((2, 3)), inputs)
    assert difference(store, naive(features)) < bound
    assert store.meta['dtype'] == dtype
    store.verify()
    store.check(store.meta['ids'], 140, K)
    again = BatchPCA.load(tmp_path / 'pca.npz').transform(features)
    assert difference(store, again) < bound


def test_targets_of_files(image_folder, tmp_path):
    """Mixed sizes, resized; the data set loads BGR, the prior sees RGB."""
    prior = random_prior(32)
    data = folder(image_folder)
    store = generate(PriorImages(data, prior), tmp_path, K,
                     'center')
    files = [image_folder / 'train' / f'class_{c}' / f'{i}.jpg'
             for c in range(3) for i in range(6)]
    inputs = [prior.preprocess(Image.open(f).convert('RGB')) for f in files]
    wanted = svd_targets(one_by_one(prior.model, inputs))
    assert difference(store, wanted) < 0.02  # PIL and OpenCV decode
    swapped = svd_targets(one_by_one(
        prior.model, [x.flip(0) for x in inputs]))
    assert difference(store, swapped) > 0.1


class Counting(torch.nn.Module):
    """Pixels as features; counts images; one may come out as NaN."""

    def __init__(self, bad: int | None = None) -> None:
        super().__init__()
        self.seen, self.start, self.bad = 0, 0, bad
        self.last = torch.empty(0)

    def forward(self, x):
        if not torch.equal(x, self.last):  # else it is the first one, again
            self.start, self.last = self.seen, x.clone()
            self.seen += len(x)
        features = torch.nn.functional.adaptive_avg_pool2d(x, 3).flatten(1)
        if self.bad is not None and 0 <= self.bad - self.start < len(x):
            features[self.bad - self.start, 2] = torch.nan
        return features


def counting_prior(bad: int | None = None, name: str = 'counting') -> Prior:
    return Prior(name, Counting(bad), random_prior().preprocess, 'as it is')


def files(directory) -> dict[str, bytes]:
    return {f.name: f.read_bytes() for f in directory.iterdir()
            if f.is_file()}


def test_finished_store_is_not_made_again(images, tmp_path):
    prior = counting_prior()
    first = generate(PriorImages(images, prior), tmp_path, K)
    content = files(tmp_path)
    assert set(content) == {'targets.npy', 'pca.npz', 'meta.json'}
    assert prior.model.seen == 140
    second = generate(PriorImages(images, prior), tmp_path, K)
    assert prior.model.seen == 140
    assert second.meta == first.meta
    assert content == files(tmp_path)


@pytest.mark.parametrize('key, change', [
    ('prior', dict(name='another')),
    ('dim', dict(dim=K + 1)),
    ('dtype', dict(dtype='float32')),
    ('pca', dict(normalize='whiten')),
])
def test_another_store_is_not_replaced(images, tmp_path, key, change):
    def make(name='counting', **asked):
        images_ = PriorImages(images, counting_prior(name=name))
        generate(images_, tmp_path, **{'dim': K, **asked})

    make()
    with pytest.raises(TargetStoreError, match=f'another {key}') as caught:
        make(**change)
    assert str(tmp_path) in str(caught.value)


def test_store_of_other_images_is_not_replaced(images, cifar_root, tmp_path):
    generate(PriorImages(images, counting_prior()), tmp_path, K)
    with pytest.raises(TargetStoreError, match='another samples'):
        generate(PriorImages(cifar(cifar_root, 30), counting_prior()),
                 tmp_path, K)


@pytest.mark.parametrize('kept, workers', [(0., 0), (0.1, 2), (0.7, 0)])
def test_truncated_image(broken_folder, tmp_path, kept, workers):
    root, bad = broken_folder
    content = bad.read_bytes()
    bad.write_bytes(content[:int(kept * len(content))])
    out = tmp_path / 'out'
    images = PriorImages(folder(root), random_prior(32), workers=workers)
    with pytest.raises(UserError, match='cannot be read') as caught:
        generate(images, out, K)
    assert str(bad) in str(caught.value) and '\n' not in str(caught.value)
    assert not (out / 'meta.json').exists()
    bad.write_bytes(content)
    assert len(generate(images, out, K)) == 18


@pytest.mark.parametrize('bad', [0, 127, 128, 139])
def test_features_that_are_not_finite(images, tmp_path, bad):
    with pytest.raises(UserError, match=rf'counting gives NaN.*image {bad}:'):
        generate(PriorImages(images, counting_prior(bad)), tmp_path, K)
    assert not (tmp_path / 'meta.json').exists()


def test_features_of_a_file_that_are_not_finite(image_folder, tmp_path):
    prior = Prior('counting', Counting(7), random_prior(32).preprocess, '')
    with pytest.raises(UserError, match=r'for .*class_1/1\.jpg: look'):
        generate(PriorImages(folder(image_folder), prior), tmp_path, K)


def test_mixed_sizes_need_an_image_size(image_folder, tmp_path):
    with pytest.raises(UserError, match='set one, by --image-size'):
        generate(PriorImages(folder(image_folder), random_prior()),
                 tmp_path, K)


def test_more_components_than_features(images, tmp_path):
    with pytest.raises(UserError, match='28 .*27 features: .*channels=27'):
        generate(PriorImages(images, counting_prior()), tmp_path, 28)


def test_a_look_for_widths_at_an_image_that_is_gone(broken_folder, tmp_path):
    """Features are there; PCA would take those of several for one's."""
    root, _ = broken_folder
    files = sorted(root.rglob('*.jpg'))

    def make():
        prior = join([random_prior(32), random_prior(40)])
        return generate(PriorImages(folder(root), prior, skip=True),
                        tmp_path / 'out', K)

    make()
    (tmp_path / 'out' / 'meta.json').unlink()
    for file in files:
        file.write_bytes(b'')
    with pytest.raises(UserError, match='cannot be read'):
        make()


def test_more_features_than_fit_on_disk(images, tmp_path):
    """Blocks of them could not be read again."""
    prior = counting_prior()
    prior.model.forward = lambda x: x.mean((1, 2, 3))[:, None].expand(
        -1, 65537)
    with pytest.raises(UserError, match='65537 features, and PCA takes 655'):
        generate(PriorImages(images, prior), tmp_path, K)
    assert not [*tmp_path.rglob('*.npy')]


def test_another_reduction_needs_no_images(images, tmp_path):
    prior, features = counting_prior(), tmp_path / 'a' / 'features'
    images = PriorImages(images, prior)
    generate(images, tmp_path / 'a', K)
    with pytest.raises(TargetStoreError, match=f'--features {features}'):
        generate(images, tmp_path / 'a', K + 1)
    generate(images, tmp_path / 'b', K + 1, 'whiten', 'float32', features)
    assert prior.model.seen == 140
    generate(images, tmp_path / 'c', K + 1, 'whiten', 'float32')
    for name in ('targets.npy', 'pca.npz'):
        assert ((tmp_path / 'b' / name).read_bytes() ==
                (tmp_path / 'c' / name).read_bytes())
    with pytest.raises(UserError, match='28 .*27 features'):
        generate(images, tmp_path / 'd', 28, features=features)


@pytest.mark.parametrize('what, prior', [
    ('prior name', counting_prior(name='another')),
    ('prior preprocessing',
     Prior('counting', Counting(), random_prior().preprocess, 'other')),
])
def test_unfinished_work_of_another_prior(images, tmp_path, what, prior):
    generate(PriorImages(images, counting_prior()), tmp_path, K)
    (tmp_path / 'meta.json').unlink()
    with pytest.raises(UserError, match=f'another {what}') as caught:
        generate(PriorImages(images, prior), tmp_path, K)
    assert str(tmp_path / 'features') in str(caught.value)
    assert '\n' not in str(caught.value)


def test_unfinished_work_of_other_weights(images, tmp_path):
    generate(PriorImages(images, random_prior()), tmp_path, K)
    (tmp_path / 'meta.json').unlink()
    other = random_prior()
    next(iter(other.model.state_dict().values())).add_(1e-3)
    with pytest.raises(UserError, match='another prior weights'):
        generate(PriorImages(images, other), tmp_path, K)


def test_unfinished_work_of_other_images(images, cifar_root, tmp_path):
    generate(PriorImages(images, counting_prior()), tmp_path, K)
    (tmp_path / 'meta.json').unlink()
    with pytest.raises(UserError, match='another samples'):
        generate(PriorImages(cifar(cifar_root, 30), counting_prior()),
                 tmp_path, K)
    fingerprint = tmp_path / 'features' / 'fingerprint.json'
    there = json.loads(fingerprint.read_text())
    for key, value in [('ids', '1' * 32), ('dtype', 'float64')]:
        fingerprint.write_text(json.dumps({**there, key: value}))
        with pytest.raises(UserError, match=f'another {key}'):
            generate(PriorImages(images, counting_prior()), tmp_path, K)


def test_unreadable_images_are_left_out(broken_folder, tmp_path):
    root, bad = broken_folder
    whole = bad.read_bytes()
    bad.write_bytes(whole[:200])
    out, prior = tmp_path / 'out', random_prior(32)
    images = PriorImages(folder(root), prior)
    store = generate(replace(images, skip=True), out, K)
    assert store.skipped == [9] and len(store) == 18
    assert store.meta['skipped'][0][1].endswith('class_1/3.jpg')
    assert not store[9].any()
    store.verify()
    assert verify_store(store, images, 18) > 0.999
    data = RelaTargetDataset(
        'ImageNet', str(out), PACK, split='train', data_root=str(root),
        pipeline=[dict(type='LoadImageFromFile'), *PACK])
    data.check_targets(K)
    assert len(data) == 17
    assert len(list(data.sample_ids())) == 18
    for index in range(17):
        row = index + (index >= 9)
        for lam in (0, 1):
            sample = data[RelaIndex(index, lam, 0)]['data_samples']
            assert sample.sample_idx == row
        np.testing.assert_array_equal(sample.rela_target, store[row])
        assert data[index]['data_samples'].sample_idx == row
    with pytest.raises(TargetStoreError, match='leaves out 1 unreadable'):
        generate(images, out, K)
    (out / 'meta.json').unlink()
    with pytest.raises(UserError, match='cannot be read'):
        generate(images, out, K)
    bad.write_bytes(whole)
    mended = generate(images, out, K)
    assert mended.skipped == [] and mended[9].any()


def test_all_images_unreadable(broken_folder, tmp_path):
    root, _ = broken_folder
    for file in root.rglob('*.jpg'):
        file.write_bytes(b'')
    with pytest.raises(UserError, match='at least 2 samples, got 0'):
        generate(PriorImages(folder(root), random_prior(32), skip=True),
                 tmp_path / 'out', K)


def test_verify(images, tmp_path):
    store = generate(PriorImages(images, random_prior()), tmp_path, K)
    seen = PriorImages(images, random_prior())
    assert verify_store(store, seen, 30) > 0.9999
    with pytest.raises(TargetStoreError, match='another name'):
        verify_store(store, PriorImages(images, counting_prior()), 5)
    targets = np.load(tmp_path / 'targets.npy', mmap_mode='r+')
    targets[77] *= -1
    targets.flush()
    with pytest.raises(TargetStoreError, match='sample 77 .*-1.0') as caught:
        verify_store(store, seen, 1000)
    assert '\n' not in str(caught.value)
