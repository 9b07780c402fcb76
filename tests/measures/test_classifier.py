"""The classifier again by one regression a class, and on made-up features."""
from __future__ import annotations

import numpy as np
import pytest
import torch

from mmrela.measures.classifier import linear_score, ridge_votes
from mmrela.measures.regression import Ridge, halves


def noise(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


def test_ridge_votes_are_a_regression_of_each_class():
    """One class at a time, by the penalty that suits all of them."""
    bank, features = noise(50, 6), noise(9, 6, seed=1) + 2
    labels = (bank[:, 0] > 0).long() + 2 * (bank[:, 1] > 0).long()
    one_hot = torch.stack([labels == c for c in range(5)], 1).double()
    ridge = Ridge(bank)
    penalty = min(ridge.penalties(),
                  key=lambda p: ridge._left_out(one_hot - one_hot.mean(0), p))
    x = np.c_[bank.numpy(), np.ones(50)]
    gram = x.T @ x + np.diag([penalty] * 6 + [0])
    found = ridge_votes(features, bank, labels, 5)
    for c in range(5):  # nobody is of the last
        *slope, offset = np.linalg.solve(gram, x.T @ one_hot[:, c].numpy())
        np.testing.assert_allclose(
            found[:, c], features.numpy() @ slope + offset, atol=1e-9)


@pytest.mark.parametrize('count', [1, 2, 3])
def test_a_label_or_two(count):
    """Fewer than features: finite, and right where classes lie apart."""
    bank = 5 * torch.eye(count, 8) + 0.01 * noise(count, 8)
    found = ridge_votes(bank, bank, torch.arange(count), count)
    assert found.argmax(1).tolist() == [*range(count)]
    assert found.isfinite().all()


def test_linear_score():
    labels = torch.arange(300) % 3
    centres = noise(3, 10, seed=3) * 5
    assert linear_score(centres[labels] + noise(300, 10), labels) > 95
    assert 20 < linear_score(noise(300, 10), labels) < 47


def test_linear_score_naively():
    labels = torch.arange(90) % 3
    x = noise(90, 4) + noise(3, 4, seed=1)[labels]
    hits = 0
    for fitted, tested in halves(90):
        ridge = Ridge(x[fitted])
        one_hot = torch.tensor([[float(c == k) for k in range(3)]
                                for c in labels[fitted]]).double()
        said = ridge.fit(one_hot)(x[tested])
        hits += sum(int(np.argmax(row)) == int(c)
                    for row, c in zip(said.tolist(), labels[tested]))
    assert linear_score(x, labels) == pytest.approx(100 * hits / 90)
