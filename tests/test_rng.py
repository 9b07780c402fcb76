"""Draws that depend on a seed alone, and leave all others as they are."""
from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from mmrela.rng import seeded, undisturbed


def draw() -> tuple[float, float, float]:
    return random.random(), np.random.rand(), torch.rand(1).item()


@pytest.mark.parametrize('block', [undisturbed, seeded])
@pytest.mark.parametrize('error', [False, True])
def test_what_the_block_draws_does_not_count(block, error):
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    expected = draw()
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])
    try:
        with block():
            draw()
            if error:
                raise ValueError
    except ValueError:
        assert error
    assert draw() == expected


def test_an_undisturbed_block_draws_what_comes_next():
    with undisturbed():
        first = draw()
    assert draw() == first


@pytest.mark.parametrize('seed', [0, 7, 2**32 + 7, 2**63])
def test_a_seed_decides(seed):
    found = []
    for _ in range(2):
        with seeded(seed):
            found.append(draw())
        draw()
    assert found[0] == found[1]
    weights = torch.rand(1, generator=torch.Generator().manual_seed(seed))
    assert found[0][2] == weights.item()  # as `torch.manual_seed` draws them


class Drawn(Dataset):

    def __len__(self):
        return 1

    def __getitem__(self, index):
        with seeded(3):
            pass
        return draw()


def test_a_workers_state_is_not_put_back():
    with seeded(3):
        expected = draw()
    found, = DataLoader(Drawn(), None, num_workers=1)
    assert tuple(found) == expected
