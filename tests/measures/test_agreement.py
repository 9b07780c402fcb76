"""Distances between models by the 0/1 loss, by a second formula."""
from __future__ import annotations

import pytest
import torch

from mmrela.measures.agreement import disagreements
from mmrela.measures.regression import halves


@pytest.fixture
def features() -> list[torch.Tensor]:
    """Two numbers that tell three classes, one that tells one, and noise."""
    generator = torch.Generator().manual_seed(0)
    where = torch.randn(400, 2, generator=generator)
    return [where, where[:, :1], torch.randn(400, 2, generator=generator)]


@pytest.fixture
def labels(features) -> torch.Tensor:
    x, y = features[0].T
    return torch.where(x > 0, 1 + (y > 0).long(), 0)


def naive(x, fitted, classes) -> torch.Tensor:
    """Least squares without a penalty."""
    wide = torch.cat([x, torch.ones(len(x), 1)], 1).double()
    wanted = torch.eye(classes).double()[fitted]
    return wide @ torch.linalg.lstsq(wide[:len(fitted)], wanted).solution


def test_is_what_least_squares_says(features, labels):
    found = disagreements(features, labels)
    expected = torch.zeros(3, 3, dtype=torch.float64)
    for fitted, tested in halves(400):
        order, half = torch.cat([fitted, tested]), len(fitted)
        said = [naive(x[order], labels[fitted], 3).argmax(1)
                for x in features]
        for s, source in enumerate(features):
            for t, target in enumerate(said):
                hit = naive(source[order], target[:half], 3).argmax(1)
                expected[s, t] += (hit != target)[half:].double().mean() / 2
    torch.testing.assert_close(found, expected, atol=0.03, rtol=0)


def test_what_tells_more_explains_what_tells_less(features, labels):
    found = disagreements(features, labels)
    assert found.diagonal().max() < 0.1
    assert found[0, 1] < 0.1 < 0.2 < found[1, 0]  # transfer has a direction
    assert found[2, 0] > 0.4
