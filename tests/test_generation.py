"""From images to a store, against a recomputation image by image."""
from __future__ import annotations

import numpy as np
import pytest
import torch
from mmpretrain.registry import MODELS
from PIL import Image

from mmrela.dataset import RelaTargetDataset
from mmrela.errors import UserError
from mmrela.generation import generate
from mmrela.pca import BatchPCA
from mmrela.priors import Prior, build_prior
from mmrela.targets import TargetStore, TargetStoreError

K = 5
CFG = dict(
    model=dict(
        backbone=dict(
            type='ResNet', depth=18, stem_channels=4, base_channels=4)),
    data_preprocessor=dict(mean=[100., 120., 140.], std=[50., 60., 70.]))
PACK = [dict(type='PackInputs')]


def cifar(root, indices: int = 140) -> RelaTargetDataset:
    return RelaTargetDataset('CIFAR10Binary', 'nowhere', PACK, pipeline=[],
                             data_root=str(root), indices=indices)


def folder(root) -> RelaTargetDataset:
    return RelaTargetDataset('ImageNet', 'nowhere', PACK, split='train',
                             pipeline=[dict(type='LoadImageFromFile')],
                             data_root=str(root))


@pytest.fixture(scope='module')
def images(cifar_root) -> RelaTargetDataset:
    return cifar(cifar_root)  # two batches, the second one smaller


@pytest.fixture
def broken_folder(image_folder, tmp_path):
    """The images, and the path of one whose end is missing."""
    root = tmp_path / 'images'
    bad = root / 'train' / 'class_1' / '3.jpg'
    for file in image_folder.rglob('*.*'):
        copy = root / file.relative_to(image_folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    return root, bad


def random_prior(size: int | None = None) -> Prior:
    return build_prior('random:3', image_size=size, cfg=CFG)


def svd_targets(features: np.ndarray) -> np.ndarray:
    centred = features - features.mean(0)
    return centred @ np.linalg.svd(centred)[2][:K].T


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


@pytest.mark.parametrize('dtype, bound',
                         [('float16', 5e-4), ('float32', 1e-5)])
def test_targets_of_arrays(images, tmp_path, dtype, bound):
    store = generate(images, random_prior(), tmp_path, K, dtype=dtype)
    backbone = untrained_backbone()
    mean, std = (torch.tensor(CFG['data_preprocessor'][key])[:, None, None]
                 for key in ('mean', 'std'))
    arrays = [images.dataset.get_data_info(i)['img'] for i in range(140)]
    inputs = [(torch.from_numpy(a).permute(2, 0, 1) - mean) / std
              for a in arrays]
    features = one_by_one(lambda x: backbone(x)[-1].mean((2, 3)), inputs)
    assert difference(store, svd_targets(features)) < bound
    assert store.meta['dtype'] == dtype
    store.verify()
    store.check(store.meta['ids'], 140, K)
    again = BatchPCA.load(tmp_path / 'pca.npz').transform(features)
    assert difference(store, again) < bound


def test_targets_of_files(image_folder, tmp_path):
    """Mixed sizes, resized; the data set loads BGR, the prior sees RGB."""
    prior = random_prior(32)
    store = generate(folder(image_folder), prior, tmp_path, K, bgr=True)
    files = [image_folder / 'train' / f'class_{c}' / f'{i}.jpg'
             for c in range(3) for i in range(6)]
    inputs = [prior.preprocess(Image.open(f).convert('RGB')) for f in files]
    wanted = svd_targets(one_by_one(prior.model, inputs))
    assert difference(store, wanted) < 0.02  # PIL and OpenCV decode
    swapped = generate(folder(image_folder), prior, tmp_path / 'swapped', K)
    assert difference(swapped, wanted) > 0.1


class Counting(torch.nn.Module):
    """Pixels as features; counts images; one may come out as NaN."""

    def __init__(self, bad: int | None = None) -> None:
        super().__init__()
        self.seen, self.bad = 0, bad

    def forward(self, x):
        features = torch.nn.functional.adaptive_avg_pool2d(x, 3).flatten(1)
        if self.bad is not None and 0 <= self.bad - self.seen < len(x):
            features[self.bad - self.seen, 2] = torch.nan
        self.seen += len(x)
        return features


def counting_prior(bad: int | None = None, name: str = 'counting') -> Prior:
    return Prior(name, Counting(bad), random_prior().preprocess, 'as it is')


def test_finished_store_is_not_made_again(images, tmp_path):
    prior = counting_prior()
    first = generate(images, prior, tmp_path, K)
    content = {f.name: f.read_bytes() for f in tmp_path.iterdir()}
    assert set(content) == {'targets.npy', 'pca.npz', 'meta.json'}
    assert prior.model.seen == 140
    second = generate(images, prior, tmp_path, K)
    assert prior.model.seen == 140
    assert second.meta == first.meta
    assert content == {f.name: f.read_bytes() for f in tmp_path.iterdir()}


@pytest.mark.parametrize('key, change', [
    ('prior', dict(prior=counting_prior(name='another'))),
    ('dim', dict(dim=K + 1)),
    ('dtype', dict(dtype='float32')),
    ('pca', dict(normalize='whiten')),
])  # yapf: disable
def test_another_store_is_not_replaced(images, tmp_path, key, change):
    asked = dict(dataset=images, prior=counting_prior(), dim=K)
    generate(directory=tmp_path, **asked)
    with pytest.raises(TargetStoreError, match=f'another {key}') as caught:
        generate(directory=tmp_path, **dict(asked, **change))
    assert str(tmp_path) in str(caught.value)


def test_store_of_other_images_is_not_replaced(images, cifar_root, tmp_path):
    generate(images, counting_prior(), tmp_path, K)
    with pytest.raises(TargetStoreError, match='another samples'):
        generate(cifar(cifar_root, 30), counting_prior(), tmp_path, K)


@pytest.mark.parametrize('kept, workers', [(0., 0), (0.1, 2), (0.7, 0)])
def test_truncated_image(broken_folder, tmp_path, kept, workers):
    root, bad = broken_folder
    content = bad.read_bytes()
    bad.write_bytes(content[:int(kept * len(content))])
    out, prior = tmp_path / 'out', random_prior(32)
    with pytest.raises(UserError, match='cannot be read') as caught:
        generate(folder(root), prior, out, K, workers=workers)
    assert str(bad) in str(caught.value) and '\n' not in str(caught.value)
    assert list(out.iterdir()) == []
    bad.write_bytes(content)
    assert len(generate(folder(root), prior, out, K, workers=workers)) == 18


@pytest.mark.parametrize('bad', [0, 127, 128, 139])
def test_features_that_are_not_finite(images, tmp_path, bad):
    with pytest.raises(UserError, match=rf'counting gives NaN.*image {bad}:'):
        generate(images, counting_prior(bad), tmp_path, K)
    assert list(tmp_path.iterdir()) == []


def test_mixed_sizes_need_an_image_size(image_folder, tmp_path):
    with pytest.raises(UserError, match='differ in size: pass --image-size$'):
        generate(folder(image_folder), random_prior(), tmp_path, K)


def test_more_components_than_features(images, tmp_path):
    with pytest.raises(UserError, match='28 .*27 features: .*channels=27'):
        generate(images, counting_prior(), tmp_path, 28)
