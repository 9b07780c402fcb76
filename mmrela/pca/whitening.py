"""Components of one variance, without the noise that has none."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# Deviations below this fraction of the largest one are rounding noise of
# float32 features, of 1.2e-7 a number and summed over many; dividing by less
# would blow the noise up to the size of real components.
FLOOR = 1e-5


def whitening(covariance: np.ndarray, widths: Sequence[int],
              k: int) -> np.ndarray:
    """From features of several priors to whitened components of each.

    Args:
        covariance: Of all their features beside each other, (d, d) float64.
        widths: Features of each.
        k: Components of each, at most.

    Returns:
        (d, Σ min(k, width)); directions without variance are zero.
    """
    if sum(widths) != len(covariance):
        raise ValueError(f'widths {widths} of {len(covariance)} features')
    basis, row, column = np.zeros_like(covariance), 0, 0
    for width in widths:
        rows = slice(row, row + width)
        values, vectors = np.linalg.eigh(covariance[rows, rows])
        values, vectors = values[::-1][:k], vectors[:, ::-1][:, :k]
        seen = values > FLOOR**2 * values[0]
        scales = np.sqrt(np.where(seen, values, 1.))
        basis[rows, column:column + len(values)] = vectors * seen / scales
        row, column = row + width, column + len(values)
    return basis[:, :column]


def floored(std: np.ndarray) -> np.ndarray:
    """Deviations, (d,), that can be divided by."""
    floor = FLOOR * std.max()
    return std.clip(floor if floor > 0 else 1.)
