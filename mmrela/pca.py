"""Batch PCA (paper, Algorithm 2) in one pass over the features."""
from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from .errors import UserError

NORMALIZATIONS = ('center', 'standardize', 'whiten')
# Deviations below this fraction of the largest one are rounding noise of
# float32 features, of 1.2e-7 a number and summed over many; dividing by less
# would blow the noise up to the size of real components.
_FLOOR = 1e-5
Rows = TypeVar('Rows', Tensor, np.ndarray)


class BatchPCA:
    """Exact PCA over features that arrive in batches.

    Mean and scatter are accumulated in float64, each batch centred by its
    own mean before the product, so that features with means far larger
    than their spread lose nothing. With ``C`` the centred features and
    ``V`` the first k eigenvectors of their covariance, targets are

    - ``center``: ``C V`` (Algorithm 2);
    - ``standardize``: ``(C / σ) V`` with σ of each feature (eq. 10);
    - ``whiten``: ``C V / std(C V)``.

    Memory is O(d²), whatever the number of samples.

    Args:
        device: Of torch's, which multiplies matrices, in float64 as well;
            ``None``: numpy does.

    Example:
        >>> pca = BatchPCA()
        >>> for batch in features:  # (n, d) arrays or tensors
        ...     pca.update(batch)
        >>> targets = pca.fit(k=128).transform(features[0])  # (n, 128)
    """

    def __init__(self, device: str | None = None) -> None:
        self.device = device
        self.count = 0
        self.mean: np.ndarray | None = None  # (d,), float64 as all of them
        self.scatter: np.ndarray | None = None  # (d, d): Σ (x-mean)(x-mean)ᵀ
        self.normalize: str | None = None  # this and the rest: by `fit`
        self.components: np.ndarray | None = None  # (d, k), orthonormal
        self.variances: np.ndarray | None = None  # (k,), descending
        self.whitened: float | None = None  # variance of several priors
        self._projection: np.ndarray | None = None  # (d, k), scaled

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

    @property
    def total(self) -> float:
        """The variance of which :attr:`variances` are the parts."""
        if self.whitened is not None:
            return self.whitened
        return float(self.covariance.trace())

    @np.errstate(invalid='ignore')  # `fit` refuses NaN
    def update(self, x: Tensor | np.ndarray) -> BatchPCA:
        """Take in one batch of features, (n, d), any float dtype.

        Raises:
            ValueError: they are not (n, d), or have another d than before.
        """
        x = _array(x)
        if x.ndim != 2:
            raise ValueError(f'features must be (n, d), got {x.shape}')
        if len(x):
            # E[xxᵀ] - mean·meanᵀ would cancel all digits of a small spread
            mean = x.mean(0, dtype=np.float64)
            centered = x - mean  # float64, as the mean is
            # numpy knows a matrix times itself, and computes one half
            self._add(len(x), mean, self._product(centered.T, centered))
        return self

    def _product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """Of float64 matrices, in float64 wherever it is computed."""
        if self.device is None:
            return a @ b
        a, b = (torch.from_numpy(part).to(self.device) for part in (a, b))
        return (a @ b).cpu().numpy()

    def merge(self, other: BatchPCA) -> BatchPCA:
        """Take in what another accumulator has seen."""
        if other.count:
            self._add(other.count, other.mean, other.scatter)
        return self

    def _add(self, count: int, mean: np.ndarray,
             scatter: np.ndarray) -> None:
        self.normalize = self.components = None  # a fit no longer fits
        self.variances = self.whitened = self._projection = None
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

    def fit(self, k: int, normalize: str = 'center',
            widths: Sequence[int] | None = None) -> BatchPCA:
        """Compute the projection onto the first k components.

        Args:
            k: Number of components, 1 to d. Components past the rank of
                the features are kept; their coordinates are (near) zero.
            normalize: ``center``, ``standardize`` or ``whiten``.
            widths: Of the features of several priors, which stand beside
                each other. The first k components of each, or all of fewer
                features, are whitened, then joined: ``C`` is of these.

        Raises:
            UserError: fewer than 2 samples, k out of range, an unknown
                normalisation, or one that does not go with ``widths``, or
                features that are not finite.
        """
        covariance = self.covariance
        if normalize not in NORMALIZATIONS:
            raise UserError(f'normalize must be one of {NORMALIZATIONS}, got '
                            f'{normalize!r}')
        if not 1 <= k <= len(covariance):
            raise UserError(f'the prior has {len(covariance)} features, so '
                            f'{k} components cannot be taken from them: '
                            f'choose 1 to {len(covariance)}')
        if not np.isfinite(covariance).all():
            raise UserError('the features hold NaN or infinite values')
        self.whitened, basis = None, None
        if widths:
            if normalize == 'standardize':
                raise UserError('features of several priors are whitened, '
                                'which leaves nothing to standardize: choose '
                                'center or whiten')
            basis = whitening(covariance, widths, k)
            covariance = basis.T @ covariance @ basis
            self.whitened = float(covariance.trace())
        values, vectors = np.linalg.eigh(covariance)
        self.variances = values[::-1][:k].clip(0)
        vectors = vectors[:, ::-1][:, :k]
        self.components = _fix_signs(
            vectors if basis is None else basis @ vectors)
        self.normalize = normalize
        self._set_projection()
        return self

    def _set_projection(self) -> None:
        # Past the rank an eigenvector is any vector: it must not count.
        floor = _FLOOR**2 * self.variances.max()
        self.components = self.components * (self.variances > floor)
        self._projection = self.components
        if self.normalize == 'standardize':
            sigma = np.sqrt(self.covariance.diagonal())
            self._projection = self.components / _floored(sigma)[:, None]
        elif self.normalize == 'whiten':
            self._projection = self.components / _floored(
                np.sqrt(self.variances))

    def transform(self, x: Rows) -> Rows:
        """Project features (n, d) to targets (n, k).

        Returns the kind that came in (array or tensor), in float64 for
        float64 input and in float32 otherwise.

        Raises:
            RuntimeError: nothing is fitted, or features came in since.
        """
        if self._projection is None:
            raise RuntimeError('call fit() before transform()')
        features = _array(x)
        out = self._product(features - self.mean, self._projection).astype(
            np.promote_types(features.dtype, np.float32))
        return torch.from_numpy(out) if isinstance(x, Tensor) else out

    def save(self, file: str | PathLike) -> None:
        """Write statistics and fit to ``file`` as npz, without pickle."""
        arrays = {name: getattr(self, name)
                  for name in ('mean', 'scatter', 'components', 'variances',
                               'whitened')
                  if getattr(self, name) is not None}
        with open(file, 'wb') as f:  # a handle: numpy appends no suffix
            np.savez(f, count=self.count, normalize=self.normalize or '',
                     **arrays)

    @classmethod
    def load(cls, file: str | PathLike) -> BatchPCA:
        """Read what :meth:`save` wrote; it can be updated and refitted."""
        pca = cls()
        with np.load(file, allow_pickle=False) as data:
            pca.count = int(data['count'])
            pca.normalize = str(data['normalize']) or None
            for name in ('mean', 'scatter', 'components', 'variances'):
                if name in data:
                    setattr(pca, name, data[name])
            if 'whitened' in data:
                pca.whitened = float(data['whitened'])
        if pca.components is not None:
            pca._set_projection()
        return pca


def _array(x: Tensor | np.ndarray) -> np.ndarray:
    """Features on the CPU; numpy has no bfloat16."""
    if isinstance(x, Tensor):
        dtype = torch.promote_types(x.dtype, torch.float32)
        return x.detach().to('cpu', dtype).numpy()
    return np.asarray(x)


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
        seen = values > _FLOOR**2 * values[0]
        scales = np.sqrt(np.where(seen, values, 1.))
        basis[rows, column:column + len(values)] = vectors * seen / scales
        row, column = row + width, column + len(values)
    return basis[:, :column]


def _fix_signs(vectors: np.ndarray) -> np.ndarray:
    """Make the entry of largest magnitude in each column positive."""
    largest = abs(vectors).argmax(0)[None]
    signs = np.sign(np.take_along_axis(vectors, largest, 0))
    return vectors * np.where(signs == 0, 1, signs)


def _floored(std: np.ndarray) -> np.ndarray:
    floor = _FLOOR * std.max()
    return std.clip(floor if floor > 0 else 1.)
