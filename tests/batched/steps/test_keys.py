"""Random numbers of keys, against splitmix64 on Python's integers."""
from __future__ import annotations

import numpy as np
from scipy.stats import kstest

from mmrela.batched.steps.keys import split, uniform, within

MANY = np.arange(4000, dtype=np.uint64)


def splitmix64(state: int) -> int:
    """One output of the published generator, after its first step."""
    state = (state + 0x9E3779B97F4A7C15) % 2**64
    state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    state = (state ^ state >> 27) * 0x94D049BB133111EB % 2**64
    return state ^ state >> 31


def test_published_first_outputs():
    zero = np.zeros(1, np.uint64)
    assert [int(split(zero, i)[0]) for i in range(3)] == [
        0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]


def test_each_key_draws_for_itself():
    keys = np.array([0, 7, 2**31 - 1, 2**64 - 1], np.uint64)
    drawn = uniform(keys, 3)
    for key, row in zip(keys.tolist(), drawn):
        expected = [splitmix64(key + i * 0x9E3779B97F4A7C15) / 2**64
                    for i in range(3)]
        np.testing.assert_allclose(row, expected, atol=2**-52)
    np.testing.assert_array_equal(uniform(keys[2:3], 3)[0], drawn[2])


def test_draws_are_uniform_and_unrelated():
    """Of neighbouring keys, columns, children and children's columns."""
    draws = np.c_[uniform(MANY, 3), uniform(split(MANY, 3), 3),
                  uniform(split(split(MANY, 0), 1), 2)]
    assert draws.min() >= 0 and draws.max() < 1
    assert all(kstest(column, 'uniform').pvalue > 0.001
               for column in draws.T)
    related = np.corrcoef(draws.T) - np.eye(draws.shape[1])
    assert np.abs(related).max() < 0.07
    assert np.abs(np.corrcoef(draws[:-1].T, draws[1:].T)[:8, 8:]).max() < 0.07


def test_within_spreads_over_the_range():
    np.testing.assert_array_equal(
        within((2, 6), np.array([0, 0.25, 0.5])), [2, 3, 4])
