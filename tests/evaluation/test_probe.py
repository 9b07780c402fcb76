"""The linear classifier by itself."""
from __future__ import annotations

import pytest
import torch

from mmrela.evaluation.probe import classify


@pytest.mark.parametrize('size, steps', [(128, 2), (1024, 1)])
def test_size_of_a_batch(size, steps):
    """Adam's first step is 3e-4 for each weight; a second one is less."""
    features = 1 + torch.rand(140, 1)
    labels = torch.zeros(140, dtype=torch.long)
    labels[0] = 1
    zero, one = torch.zeros(1, 1), torch.ones(1, 1)

    def moved(epochs: int, x: torch.Tensor) -> torch.Tensor:
        return classify((features, labels), x, epochs, 0, size)

    bias = (moved(1, zero) - moved(0, zero))[0, 0]
    assert bias == pytest.approx(steps * 3e-4, rel=0.05)
    assert (moved(1, one) - moved(0, one))[0, 0] > bias


def test_others_random_numbers_go_on():
    """A probe amid a user's own code depends on its seed alone."""
    train = torch.randn(140, 4), torch.arange(140) % 3
    found = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        found.append(classify(train, train[0], 1, 0))
        drawn = torch.rand(3)
        torch.manual_seed(seed)
        assert torch.equal(torch.rand(3), drawn)
    assert torch.equal(*found)
