"""Mean and covariance by batches, against numpy's of all features."""
from __future__ import annotations

import numpy as np
import pytest

from mmrela.errors import UserError
from mmrela.pca import Moments


def features(n: int = 60, seed: int = 0) -> np.ndarray:
    """(n, 12) float32 with means far larger than their spread."""
    rng = np.random.default_rng(seed)
    return rng.normal(rng.uniform(500, 1000, 12), np.geomspace(
        100, 1, 12), (n, 12)).astype(np.float32)


@pytest.mark.parametrize('seed', range(6))
def test_any_split_and_merge_gives_the_same_covariance(seed):
    x = features(90, seed)
    rng = np.random.default_rng(seed)
    parts = [Moments() for _ in range(4)]  # some may stay empty
    cuts = np.sort(rng.integers(0, len(x) + 1, seed * 4))
    for batch in np.split(x, cuts):  # some of these are empty, too
        parts[rng.integers(4)].update(batch)
    whole = Moments()
    for part in parts:
        whole.merge(part)
    wanted = np.cov(x.astype(np.float64), rowvar=False)
    assert whole.count == len(x)
    assert abs(whole.covariance - wanted).max() <= (
        1e-10 * abs(wanted).max())
    np.testing.assert_allclose(whole.mean, x.mean(0, np.float64), rtol=1e-12)


def test_merge_leaves_the_other_alone():
    x = features()
    one, two = Moments(), Moments().update(x[:30])
    before = two.scatter.copy()
    one.merge(two).update(x[30:])
    assert two.count == 30 and (two.scatter == before).all()


def test_widths_must_agree():
    with pytest.raises(ValueError, match='3 dimensions.* had 12'):
        Moments().update(features()).update(features()[:, :3])
    with pytest.raises(ValueError, match=r'\(n, d\), got \(12,\)'):
        Moments().update(features()[0])


@pytest.mark.parametrize('samples', [0, 1])
def test_too_few_samples(samples):
    with pytest.raises(UserError, match=f'at least 2 samples, got {samples}'):
        _ = Moments().update(features()[:samples]).covariance
