"""Several priors at once, against whitening and PCA by SVD."""
from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from mmpretrain.registry import DATASETS
from torch import nn
from torchvision.transforms.functional import pil_to_tensor

from mmrela import priors
from mmrela.errors import UserError
from mmrela.features.extract import extract
from mmrela.features.images import PriorImages
from mmrela.generation.dry_run import estimate
from mmrela.generation.generate import generate
from mmrela.generation.verify import verify_store
from mmrela.pictures.rgb import Sample
from mmrela.priors import JoinedPrior, Prior, build_prior
from mmrela.targets import TargetStoreError

SAMPLES, K = 60, 6


class Pooled(nn.Module):
    """d = 3 · side² features, times a number of each."""

    def __init__(self, side: int, power: float) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(side)
        scales = torch.arange(1., 3 * side**2 + 1)**power
        self.scales = nn.Parameter(scales)

    def forward(self, x):
        return self.pool(x).flatten(1).sin() * self.scales


def part(name: str, weights: str | None, image_size: int | None,
         cfg: dict | None) -> Prior:
    side = int(name)
    model = Pooled(side, 3. if side == 2 else 0.)

    def see(image):
        return pil_to_tensor(image.resize(2 * [image_size or 32])) / 40

    return Prior(f'part:{name}', model, see, f'{image_size} pixels')


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setitem(priors.PRIORS, 'part', part)


@pytest.fixture(scope='module')
def dataset(cifar_root):
    return DATASETS.build(dict(
        type='CIFAR10Binary', data_root=str(cifar_root), indices=SAMPLES,
        pipeline=[]))


def images(dataset, spec: str = 'part:1 + part:2,size=16') -> PriorImages:
    return PriorImages(dataset, build_prior(spec))


def features(dataset, spec: str) -> np.ndarray:
    found = extract(PriorImages(dataset, build_prior(spec)), None)
    return np.concatenate([some.double().numpy() for some, _ in found])


def whitened(features: np.ndarray) -> np.ndarray:
    """Its first K components, each of variance 1."""
    u, _, _ = np.linalg.svd(features - features.mean(0), full_matrices=False)
    return u[:, :K] * np.sqrt(len(u) - 1)


def naive(dataset, *specs: str) -> np.ndarray:
    """Targets by their products, which no sign changes, (N, N)."""
    both = np.concatenate([whitened(features(dataset, s)) for s in specs], 1)
    u, s, _ = np.linalg.svd(both - both.mean(0), full_matrices=False)
    return (u[:, :K] * s[:K]**2) @ u[:, :K].T


@pytest.mark.parametrize('specs, width', [
    (('part:1', 'part:2,size=16'), 3 + 12),
    (('part:2', 'part:1', 'part:3'), 12 + 3 + 27)])
def test_targets_are_of_whitened_features(dataset, tmp_path, specs, width):
    seen = images(dataset, ' + '.join(specs))
    store = generate(seen, tmp_path, K, dtype='float32')
    wanted, found = naive(dataset, *specs), store[:] @ store[:].T
    assert abs(found - wanted).max() < 2e-3 * abs(wanted).max()
    names = ' + '.join(spec.split(',')[0] for spec in specs)
    assert store.manifest.prior['name'] == names == seen.prior.name
    assert store.pca.components.shape == (width, K)
    assert 0.5 < store.manifest.pca['variance_kept'] < 1
    assert store.pca.total == pytest.approx(
        sum(min(K, len(s)) for s in np.split(
            np.zeros(width), np.cumsum(seen.prior.widths)[:-1])))
    assert verify_store(store, images(dataset, ' + '.join(specs)),
                        SAMPLES) > 0.9999


def test_no_prior_drowns_the_other(dataset, tmp_path):
    """part:2 has features 1,000 times as large as those of part:1."""
    generate(images(dataset), tmp_path, 3, dtype='float32')
    targets = np.load(tmp_path / 'targets.npy')
    alone = whitened(features(dataset, 'part:1'))[:, :3]
    explained = np.linalg.lstsq(
        np.c_[targets, np.ones(SAMPLES)], alone, rcond=None)[1].sum()
    assert explained < 0.6 * (SAMPLES - 1) * 3  # of what is to explain


def test_whole_again_after_a_kill(dataset, tmp_path):
    """Features lie on disk: PCA and another reduction look at one image."""
    whole = generate(images(dataset), tmp_path / 'a', K)
    (tmp_path / 'a' / 'meta.json').unlink()
    seen = images(dataset)
    again = generate(seen, tmp_path / 'a', K)
    np.testing.assert_array_equal(whole[:], again[:])
    counts = []
    seen = images(dataset)
    seen.prior.model.register_forward_hook(
        lambda _, inputs, __: counts.append(len(inputs[0][0])))
    other = generate(seen, tmp_path / 'b', K + 1, 'whiten',
                     features=tmp_path / 'a' / 'features')
    assert counts == [1, 1] and other.dim == K + 1
    np.testing.assert_allclose(other[:].std(0, ddof=1), 1, atol=2e-3)


@pytest.mark.parametrize('other', [
    'part:2,size=16 + part:1', 'part:1', 'part:1 + part:2'])
def test_another_join_is_another_prior(dataset, tmp_path, other):
    store = generate(images(dataset), tmp_path, K - 3)
    with pytest.raises(TargetStoreError, match='another prior'):
        generate(images(dataset, other), tmp_path, K - 3)
    with pytest.raises(TargetStoreError, match='by a prior with another'):
        verify_store(store, images(dataset, other), 5)
    (tmp_path / 'meta.json').unlink()
    with pytest.raises(UserError, match='features with another prior'):
        generate(images(dataset, other), tmp_path, K - 3)


def test_weights_of_each_part_count(dataset):
    first, second = (build_prior('part:1 + part:2') for _ in range(2))
    assert first.fingerprint() == second.fingerprint()
    second.parts[1].model.scales.data[0] += 1e-3
    assert first.weights_hash() != second.weights_hash()


def test_dry_run(dataset, tmp_path):
    said = estimate(images(dataset), tmp_path / 'out', K)
    assert said.startswith('part:1 + part:2: 0.0 million weights, 15 features')
    with pytest.raises(UserError, match='16 components are .* 15 features'):
        estimate(images(dataset), tmp_path / 'out', 16)


def test_standardize_has_nothing_to_do(dataset, tmp_path):
    with pytest.raises(UserError, match='--normalize standardize does not'):
        generate(images(dataset), tmp_path, K, 'standardize')
    assert not any(tmp_path.iterdir())


def test_features_of_a_file_join_a_model(dataset, tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / 'f + g.npy', rng.normal(size=(SAMPLES, 5)))
    ids = PriorImages(dataset, None).ids()
    (tmp_path / 'f + g.ids.txt').write_text('\n'.join(ids) + '\n')
    spec = f'file:{tmp_path}/f + g.npy'
    assert not isinstance(build_prior(spec), JoinedPrior)
    seen = images(dataset, f'part:1 + {spec}')
    store = generate(seen, tmp_path / 'out', K, dtype='float32')
    assert seen.prior.widths == (3, 5)
    wanted = naive(dataset, 'part:1', spec)
    found = store[:] @ store[:].T
    assert abs(found - wanted).max() < 2e-3 * abs(wanted).max()


def test_unreadable_images_are_left_out_of_all(dataset, tmp_path):
    seen = images(dataset)
    see = seen.prior.parts[1].preprocess
    bad = Sample(dataset, 7).image

    def fails(image):
        if image == bad:
            raise OSError('no such image')
        return see(image)

    seen.prior.parts[1].preprocess = fails
    with pytest.raises(UserError, match='image 7, of 32 x 32 .*part:2 .OSErr'):
        generate(seen, tmp_path / 'stop', K)
    store = generate(PriorImages(dataset, seen.prior, skip=True),
                     tmp_path / 'skip', K)
    assert json.loads((tmp_path / 'skip' / 'meta.json').read_text()
                      )['skipped'][0][0] == 7
    assert store[8].any() and not store[7].any()


@pytest.mark.parametrize('spec, options, reason', [
    ('part:1 + part:2', dict(weights='none'), 'are several: write ,weights'),
    ('part:1 + part:2', dict(image_size=32), 'and ,size=S behind each'),
    ('part:1 + nonsense:2', {}, r'part of test_joined failed \(ValueError'),
])
def test_refused(spec, options, reason):
    with pytest.raises(UserError, match=reason):
        build_prior(spec, **options)
