"""Random numbers that depend on a sample's own seed alone.

A key is an unsigned 64-bit number per sample. Keys are split, one for each
view, step and purpose, and turned into uniform numbers by splitmix64
(Steele, Lea and Flood, 2014), for a whole batch at once. Numpy draws them on
the CPU whatever the images' device: they are the same everywhere, and their
choice of samples needs no round trip to the device.
"""
from __future__ import annotations

import numpy as np

_GOLDEN = 0x9E3779B97F4A7C15


def split(keys: np.ndarray, number: int) -> np.ndarray:
    """Child ``number`` of each key, (N,) uint64."""
    return _mix(keys + np.uint64(_GOLDEN * (number + 1) % 2**64))


def uniform(keys: np.ndarray, count: int) -> np.ndarray:
    """Numbers in [0, 1) of each key, (N, count) float64.

    They are made of the key's first ``count`` children, so whoever draws
    and splits the same keys splits with higher numbers.
    """
    numbers = np.arange(1, count + 1, dtype=np.uint64)
    states = _mix(keys[:, None] + numbers * np.uint64(_GOLDEN))
    return (states >> np.uint64(11)) / 2**53


def within(bounds: tuple[float, float] | np.ndarray,
           draws: np.ndarray) -> np.ndarray:
    """Draws in [0, 1), spread evenly over a range."""
    return bounds[0] + draws * (bounds[1] - bounds[0])


def _mix(state: np.ndarray) -> np.ndarray:
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
