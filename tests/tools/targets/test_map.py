"""Features on a plane: what lies where, and in which colours."""
from __future__ import annotations

import numpy as np
import pytest
import torch
from calls import colors
from matplotlib.colors import to_hex

from _lib.targets import map as maps


def clusters(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Three clusters of features far apart, in 60 dimensions."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(count) % 3
    centres = 9 * torch.randn(3, 60, generator=generator)
    return centres[labels] + torch.randn(
        count, 60, generator=generator), labels


@pytest.fixture
def without_sklearn(monkeypatch):
    monkeypatch.setattr(maps, 'find_spec', lambda name: None)


def test_clusters_stay_together():
    pytest.importorskip('sklearn')
    features, labels = clusters(60)
    points, kind = maps.places(features)
    distances = np.linalg.norm(points[:, None] - points, axis=2)
    np.fill_diagonal(distances, np.inf)
    assert torch.equal(labels[distances.argmin(1)], labels)
    assert kind == 't-SNE'


def test_principal_axes_instead(without_sklearn):
    features, _ = clusters(40)
    points, kind = maps.places(features)
    centred = features.double() - features.double().mean(0)
    axes = np.linalg.svd(centred.numpy())[2][:2]
    for found, axis in zip(points.T, axes):
        expected = centred.numpy() @ axis
        sign = np.sign(found @ expected)
        np.testing.assert_allclose(sign * found, expected, atol=1e-8)
    assert 'principal axes' in kind


@pytest.mark.parametrize('rank', [0, 1])
def test_features_of_no_plane(rank):
    points, _ = maps.places(rank * torch.arange(8.)[:, None] * torch.ones(5))
    assert points.shape == (8, 2) and np.isfinite(points).all()
    assert len(np.unique(points[:, 0].round(6))) == (8 if rank else 1)
    assert not points[:, 1].any()


def test_colours_are_classes(without_sklearn, tmp_path, monkeypatch):
    monkeypatch.setattr(maps, 'MOST', 50)
    features, labels = clusters(99)
    said = maps.draw_map(features, labels, 'x', tmp_path / 'x.png')
    assert said.startswith('a map of 50 images')
    found = colors(tmp_path / 'x.png')
    assert {to_hex(f'C{number}') for number in range(3)} <= found
    maps.draw_map(features, None, 'x', tmp_path / 'y.png')
    assert to_hex('C0') in (found := colors(tmp_path / 'y.png'))
    assert to_hex('C1') not in found


def test_many_classes_have_colours_too(without_sklearn, tmp_path):
    features, _ = clusters(40)
    maps.draw_map(features, torch.arange(40), 'x', tmp_path / 'x.png')
    assert len(colors(tmp_path / 'x.png')) > 13  # more than the usual ten
