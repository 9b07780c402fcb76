"""Mean and covariance of features, in one pass."""
from __future__ import annotations

from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from ..errors import UserError

M = TypeVar('M', bound='Moments')


class Moments:
    """Mean and scatter of features that arrive in batches.

    They are accumulated in float64, each batch centred by its own mean
    before the product, so that features with means far larger than their
    spread lose nothing. Memory is O(d²), whatever the number of samples.

    Args:
        device: Of torch's, which multiplies matrices, in float64 as well;
            ``None``: numpy does.

    Attributes:
        count: Samples so far.
        mean: (d,), float64; ``None`` before the first.
        scatter: Σ (x - mean)(x - mean)ᵀ, (d, d), likewise.
    """

    def __init__(self, device: str | None = None) -> None:
        self.device = device
        self.count = 0
        self.mean: np.ndarray | None = None
        self.scatter: np.ndarray | None = None

    @property
    def covariance(self) -> np.ndarray:
        """Unbiased covariance of all features so far, (d, d) float64.

        Raises:
            UserError: they are of fewer than 2 samples.
        """
        if self.count < 2:
            raise UserError('PCA needs at least 2 samples, got '
                            f'{self.count}: generate from more images')
        return self.scatter / (self.count - 1)

    @np.errstate(invalid='ignore')  # `fit` refuses NaN
    def update(self: M, x: Tensor | np.ndarray) -> M:
        """Take in one batch of features, (n, d), any float dtype.

        Raises:
            ValueError: they are not (n, d), or have another d than before.
        """
        x = array_of(x)
        if x.ndim != 2:
            raise ValueError(f'features must be (n, d), got {x.shape}')
        if len(x):
            # E[xxᵀ] - mean·meanᵀ would cancel all digits of a small spread
            mean = x.mean(0, dtype=np.float64)
            centered = x - mean  # float64, as the mean is
            # numpy knows a matrix times itself, and computes one half
            self._add(len(x), mean, self._product(centered.T, centered))
        return self

    def merge(self: M, other: Moments) -> M:
        """Take in what another accumulator has seen."""
        if other.count:
            self._add(other.count, other.mean, other.scatter)
        return self

    def _add(self, count: int, mean: np.ndarray,
             scatter: np.ndarray) -> None:
        if not self.count:
            self.count, self.mean, self.scatter = count, mean, scatter.copy()
            return
        if mean.shape != self.mean.shape:
            raise ValueError(f'features have {len(mean)} dimensions, earlier '
                             f'ones had {len(self.mean)}')
        # Chan, Golub and LeVeque (1979): scatters about two means add up,
        # but for what the distance between the means adds.
        total = self.count + count
        shift = mean - self.mean
        self.scatter += scatter
        self.scatter += np.outer(shift, shift * self.count * count / total)
        self.mean = self.mean + shift * (count / total)
        self.count = total

    def _product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Of float64 matrices, in float64 wherever it is computed."""
        if self.device is None:
            return a @ b
        a, b = (torch.from_numpy(part).to(self.device) for part in (a, b))
        return (a @ b).cpu().numpy()


def array_of(x: Tensor | np.ndarray) -> np.ndarray:
    """Features on the CPU; numpy has no bfloat16."""
    if isinstance(x, Tensor):
        dtype = torch.promote_types(x.dtype, torch.float32)
        return x.detach().to('cpu', dtype).numpy()
    return np.asarray(x)
