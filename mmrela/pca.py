"""Batch PCA (paper, Algorithm 2) in one pass over the features."""
from __future__ import annotations

from os import PathLike

import numpy as np
import torch
from torch import Tensor

from .errors import UserError

NORMALIZATIONS = ('center', 'standardize', 'whiten')
# Deviations below this fraction of the largest one are rounding noise of
# float32 features; dividing by less would blow the noise up.
_FLOOR = 1e-5


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

    Example:
        >>> pca = BatchPCA()
        >>> for batch in features:  # (n, d) arrays or tensors
        ...     pca.update(batch)
        >>> targets = pca.fit(k=128).transform(features[0])  # (n, 128)
    """

    def __init__(self) -> None:
        self.count = 0
        self.mean: Tensor | None = None  # (d,), float64
        self.scatter: Tensor | None = None  # (d, d): Σ (x-mean)(x-mean)ᵀ
        self.normalize: str | None = None  # this and the rest: by `fit`
        self.components: Tensor | None = None  # (d, k), orthonormal
        self.variances: Tensor | None = None  # (k,), descending
        self._projection: Tensor | None = None  # (d, k), scaled

    @property
    def covariance(self) -> Tensor:
        """Unbiased covariance of all features so far, (d, d) float64.

        Raises:
            UserError: they are of fewer than 2 samples.
        """
        if self.count < 2:
            raise UserError('PCA needs at least 2 samples, got '
                            f'{self.count}: generate from more images')
        return self.scatter / (self.count - 1)

    def update(self, x: Tensor | np.ndarray) -> BatchPCA:
        """Take in one batch of features, (n, d), any float dtype.

        Raises:
            ValueError: they are not (n, d), or have another d than before.
        """
        x = torch.as_tensor(x).detach().to('cpu', torch.float64)
        if x.ndim != 2:
            raise ValueError(f'features must be (n, d), got {tuple(x.shape)}')
        if len(x):
            mean = x.mean(0)
            x = x - mean
            self._add(len(x), mean, x.T @ x)
        return self

    def merge(self, other: BatchPCA) -> BatchPCA:
        """Take in what another accumulator has seen."""
        if other.count:
            self._add(other.count, other.mean, other.scatter)
        return self

    def _add(self, count: int, mean: Tensor, scatter: Tensor) -> None:
        self.normalize = self.components = None  # a fit no longer fits
        self.variances = self._projection = None
        if not self.count:
            self.count, self.mean, self.scatter = count, mean, scatter.clone()
            return
        if mean.shape != self.mean.shape:
            raise ValueError(f'features have {len(mean)} dimensions, earlier '
                             f'ones had {len(self.mean)}')
        total = self.count + count
        shift = mean - self.mean
        self.scatter += scatter
        self.scatter += torch.outer(shift, shift * self.count * count / total)
        self.mean = self.mean + shift * (count / total)
        self.count = total

    def fit(self, k: int, normalize: str = 'center') -> BatchPCA:
        """Compute the projection onto the first k components.

        Args:
            k: Number of components, 1 to d. Components past the rank of
                the features are kept; their coordinates are (near) zero.
            normalize: ``center``, ``standardize`` or ``whiten``.

        Raises:
            UserError: fewer than 2 samples, k out of range, an unknown
                normalisation, or features that are not finite.
        """
        covariance = self.covariance
        if normalize not in NORMALIZATIONS:
            raise UserError(f'normalize must be one of {NORMALIZATIONS}, got '
                            f'{normalize!r}')
        if not 1 <= k <= len(covariance):
            raise UserError(f'the prior has {len(covariance)} features, so '
                            f'{k} components cannot be taken from them: '
                            f'choose 1 to {len(covariance)}')
        if not covariance.isfinite().all():
            raise UserError('the features hold NaN or infinite values')
        values, vectors = torch.linalg.eigh(covariance)
        self.variances = values.flip(0)[:k].clamp_min(0)
        self.components = _fix_signs(vectors.flip(1)[:, :k])
        self.normalize = normalize
        self._set_projection()
        return self

    def _set_projection(self) -> None:
        # Past the rank an eigenvector is any vector: it must not count.
        floor = _FLOOR**2 * self.variances.max()
        self.components = self.components * (self.variances > floor)
        self._projection = self.components
        if self.normalize == 'standardize':
            sigma = self.covariance.diagonal().sqrt()
            self._projection = self.components / _floored(sigma)[:, None]
        elif self.normalize == 'whiten':
            self._projection = self.components / _floored(
                self.variances.sqrt())

    def transform(self, x: Tensor | np.ndarray) -> Tensor | np.ndarray:
        """Project features (n, d) to targets (n, k).

        Returns the kind that came in (array or tensor), in float64 for
        float64 input and in float32 otherwise.

        Raises:
            RuntimeError: nothing is fitted, or features came in since.
        """
        if self._projection is None:
            raise RuntimeError('call fit() before transform()')
        features = torch.as_tensor(x)
        dtype = torch.promote_types(features.dtype, torch.float32)
        centered = features.detach().to('cpu', torch.float64) - self.mean
        out = (centered @ self._projection).to(dtype)
        return out if isinstance(x, Tensor) else out.numpy()

    def save(self, file: str | PathLike) -> None:
        """Write statistics and fit to ``file`` as npz, without pickle."""
        arrays = {name: getattr(self, name).numpy()
                  for name in ('mean', 'scatter', 'components', 'variances')
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
                    setattr(pca, name, torch.from_numpy(data[name]))
        if pca.components is not None:
            pca._set_projection()
        return pca


def _fix_signs(vectors: Tensor) -> Tensor:
    """Make the entry of largest magnitude in each column positive."""
    largest = vectors.abs().argmax(0, keepdim=True)
    signs = vectors.gather(0, largest).sign()
    return vectors * torch.where(signs == 0, 1, signs)


def _floored(std: Tensor) -> Tensor:
    floor = _FLOOR * std.max()
    return std.clamp_min(floor if floor > 0 else 1.)
