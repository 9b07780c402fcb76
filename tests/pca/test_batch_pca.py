"""Batch PCA against the singular value decomposition of all features."""
from __future__ import annotations

import io

import numpy as np
import pytest
import torch

from mmrela.errors import UserError
from mmrela.pca import NORMALIZATIONS, BatchPCA


def features(n: int = 60, d: int = 12, rank: int | None = None,
             mean: float = 0., seed: int = 0) -> np.ndarray:
    """Float32 features whose singular values fall from 100 to 1."""
    rng = np.random.default_rng(seed)
    rank = rank or min(n - 1, d)
    u = np.linalg.qr(rng.normal(size=(n, rank)))[0]
    v = np.linalg.qr(rng.normal(size=(d, rank)))[0]
    x = (u * np.geomspace(100, 1, rank)) @ v.T
    return (x + mean * rng.uniform(.5, 1, d)).astype(np.float32)


CASES = {
    'plain': (dict(), 5, 5),
    'means of 1e3': (dict(mean=1e3), 5, 5),
    'rank 4': (dict(rank=4), 4, 4),
    'rank 4, means of 1e3': (dict(rank=4, mean=1e3), 4, 4),
    'fewer samples than features': (dict(n=9, d=40), 6, 6),
    'k = d': (dict(), 12, 12),
    'k = d = 1': (dict(d=1), 1, 1),
    'k over the rank': (dict(rank=4), 7, 4),
    'k over the number of samples': (dict(n=9, d=40), 20, 7),
}


def naive(x: np.ndarray, k: int, normalize: str) -> np.ndarray:
    """The targets of design.md, all in memory and in float64."""
    c = x.astype(np.float64) - x.mean(0, dtype=np.float64)
    v = np.linalg.svd(c)[2][:k].T
    if normalize == 'standardize':
        c = c / c.std(0, ddof=1)
    projected = c @ v
    if normalize == 'whiten':
        projected /= projected.std(0, ddof=1)
    return projected


def error(found: np.ndarray, wanted: np.ndarray) -> float:
    """The worst component's relative error, whatever its sign."""
    found = found * np.sign((found * wanted).sum(0))
    return (np.linalg.norm(found - wanted, axis=0) /
            np.linalg.norm(wanted, axis=0)).max()


@pytest.mark.parametrize('normalize', NORMALIZATIONS)
@pytest.mark.parametrize('shape, k, sure', CASES.values(), ids=CASES)
def test_agrees_with_svd(shape, k, sure, normalize):
    x = features(**shape)
    pca = BatchPCA()
    for batch in np.array_split(x, 4):
        pca.update(batch)
    found = pca.fit(k, normalize).transform(x)
    assert found.shape == (len(x), k) and found.dtype == np.float32
    assert error(found[:, :sure], naive(x, sure, normalize)) <= 1e-5


@pytest.mark.parametrize('mean', [0., 1e3])
def test_a_device_multiplies_in_float64_as_well(mean):
    """The CPU as torch's device stands in for a GPU."""
    x = features(mean=mean)
    here, there = (BatchPCA(device).update(x[:20]).update(x[20:]).fit(5)
                   for device in (None, 'cpu'))
    assert abs(there.scatter - here.scatter).max() <= (
        1e-12 * abs(here.scatter).max())
    assert error(there.transform(x), naive(x, 5, 'center')) <= 1e-5
    assert there.transform(x.astype(np.float64)).dtype == np.float64


def side_by_side() -> tuple[np.ndarray, tuple[int, ...]]:
    """Features of three priors, one of them of rank 4."""
    parts = [features(d=12, seed=1, mean=10.), features(d=3, seed=2) * 1e3,
             features(d=9, rank=4, seed=3)]
    return np.concatenate(parts, 1), (12, 3, 9)


@pytest.mark.parametrize('normalize', ['center', 'whiten'])
def test_several_priors_are_whitened_and_joined(normalize, tmp_path):
    x, widths = side_by_side()
    columns = np.split(x, np.cumsum(widths)[:-1], 1)
    joined = np.concatenate([naive(part, min(k, 5), 'whiten') for part, k
                             in zip(columns, (12, 3, 4))], 1)
    pca = BatchPCA().update(x[:20]).update(x[20:]).fit(5, normalize, widths)
    assert error(pca.transform(x), naive(joined, 5, normalize)) <= 1e-4
    assert pca.total == pytest.approx(5 + 3 + 4)
    pca.save(tmp_path / 'pca.npz')
    loaded = BatchPCA.load(tmp_path / 'pca.npz')
    np.testing.assert_array_equal(loaded.transform(x), pca.transform(x))
    assert loaded.total == pca.total
    assert loaded.fit(5).total == pytest.approx(loaded.covariance.trace())


def test_several_priors_have_no_scales_left():
    x, widths = side_by_side()
    with pytest.raises(UserError, match='nothing to standardize'):
        BatchPCA().update(x).fit(5, 'standardize', widths)
    with pytest.raises(ValueError, match='of 24 features'):
        BatchPCA().update(x).fit(5, widths=(12, 3))


@pytest.mark.parametrize('normalize', NORMALIZATIONS)
def test_components_past_the_rank_are_small(normalize):
    x = features(rank=4)
    found = BatchPCA().update(x).fit(12, normalize).transform(x)
    assert abs(found[:, 4:]).max() < 1e-2 * abs(found[:, :4]).max()


@pytest.mark.parametrize('normalize', NORMALIZATIONS)
def test_dead_feature_changes_nothing(normalize):
    x = features()
    dead = np.insert(x, 3, 7, axis=1)
    found = BatchPCA().update(dead).fit(5, normalize).transform(dead)
    assert error(found, naive(x, 5, normalize)) <= 1e-5


@pytest.mark.parametrize('k', [0, 13, 500])
def test_k_out_of_range(k):
    with pytest.raises(UserError, match=rf'\b12 features.*\b{k} components'):
        BatchPCA().update(features()).fit(k)


@pytest.mark.parametrize('bad', [np.nan, np.inf, -np.inf])
def test_features_that_are_not_finite(bad):
    x = features()
    x[3, 5] = bad
    with pytest.raises(UserError, match='NaN or infinite'):
        BatchPCA().update(x).fit(2)


def test_unknown_normalization():
    with pytest.raises(UserError, match="center.*got 'zca'"):
        BatchPCA().update(features()).fit(2, 'zca')


def test_signs_do_not_depend_on_the_order():
    x = features(mean=10)
    one = BatchPCA().update(x).fit(12)
    shuffled = np.random.default_rng(1).permutation(x)
    two = BatchPCA().update(shuffled).fit(12)
    np.testing.assert_allclose(one.transform(x), two.transform(x), atol=1e-5)
    for column in one.components.T:
        assert column[abs(column).argmax()] > 0


@pytest.mark.parametrize('dtype', ['float16', 'float32', 'float64'])
def test_returns_the_kind_that_came_in(dtype):
    x = features().astype(dtype)
    wanted = np.promote_types(dtype, 'float32')
    pca = BatchPCA().update(x).fit(3)
    found = pca.transform(x)
    assert isinstance(found, np.ndarray) and found.dtype == wanted
    tensor = BatchPCA().update(torch.from_numpy(x)).fit(3).transform(
        torch.from_numpy(x).requires_grad_())
    assert isinstance(tensor, torch.Tensor) and not tensor.requires_grad
    np.testing.assert_array_equal(tensor.numpy(), found)


@pytest.mark.parametrize('normalize', NORMALIZATIONS)
def test_save_and_load(tmp_path, normalize):
    x, file = features(mean=1e3), tmp_path / 'no_suffix'
    pca = BatchPCA().update(x[:40]).fit(5, normalize)
    pca.save(file)
    loaded = BatchPCA.load(file)
    np.testing.assert_array_equal(loaded.transform(x), pca.transform(x))
    loaded.update(x[40:]).fit(5, normalize)
    pca.update(x[40:]).fit(5, normalize)
    np.testing.assert_array_equal(loaded.transform(x), pca.transform(x))
    assert error(loaded.transform(x), naive(x, 5, normalize)) <= 1e-5


def test_file_holds_no_pickle(tmp_path):
    BatchPCA().update(features()).fit(2).save(tmp_path / 'pca.npz')
    with np.load(tmp_path / 'pca.npz', allow_pickle=False) as data:
        assert {k: data[k].shape for k in data} == dict(
            count=(), normalize=(), mean=(12, ), scatter=(12, 12),
            components=(12, 2), variances=(2, ))
    bad = io.BytesIO()
    np.savez(bad, count=np.array([print], object))
    (tmp_path / 'bad.npz').write_bytes(bad.getvalue())
    with pytest.raises(ValueError, match='allow_pickle=False'):
        BatchPCA.load(tmp_path / 'bad.npz')


def test_transform_needs_a_fit_to_what_was_seen(tmp_path):
    x = features()
    BatchPCA().update(x).save(tmp_path / 'unfitted.npz')
    refitted = BatchPCA().update(x[:40]).fit(2).update(x[40:])
    for pca in (BatchPCA(), BatchPCA.load(tmp_path / 'unfitted.npz'),
                refitted):
        with pytest.raises(RuntimeError, match='fit'):
            pca.transform(x)


def test_a_fit_that_no_longer_fits_is_not_saved(tmp_path):
    x = features()
    pca = BatchPCA().update(x).fit(2).update(x)
    pca.save(tmp_path / 'pca.npz')
    for accumulated in pca, BatchPCA.load(tmp_path / 'pca.npz'):
        with pytest.raises(RuntimeError, match='fit'):
            accumulated.transform(x)
