"""Batch PCA (paper, Algorithm 2) in one pass over the features."""
from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from ..errors import UserError
from .moments import Moments, array_of
from .whitening import FLOOR, floored, whitening

NORMALIZATIONS = ('center', 'standardize', 'whiten')
Rows = TypeVar('Rows', Tensor, np.ndarray)


class BatchPCA(Moments):
    """Exact PCA over features that arrive in batches.

    With ``C`` the centred features and ``V`` the first k eigenvectors of
    their covariance, targets are

    - ``center``: ``C V`` (Algorithm 2);
    - ``standardize``: ``(C / σ) V`` with σ of each feature (eq. 10);
    - ``whiten``: ``C V / std(C V)``.

    Args:
        device: See :class:`Moments`.

    Example:
        >>> pca = BatchPCA()
        >>> for batch in features:  # (n, d) arrays or tensors
        ...     pca.update(batch)
        >>> targets = pca.fit(k=128).transform(features[0])  # (n, 128)
    """

    def __init__(self, device: str | None = None) -> None:
        super().__init__(device)
        self._forget_fit()

    def _forget_fit(self) -> None:
        self.normalize: str | None = None
        self.components: np.ndarray | None = None  # (d, k), orthonormal
        self.variances: np.ndarray | None = None  # (k,), descending
        self.whitened: float | None = None  # variance of several priors
        self._projection: np.ndarray | None = None  # (d, k), scaled

    def _add(self, count: int, mean: np.ndarray,
             scatter: np.ndarray) -> None:
        self._forget_fit()
        super()._add(count, mean, scatter)

    @property
    def total(self) -> float:
        """The variance of which :attr:`variances` are the parts."""
        if self.whitened is not None:
            return self.whitened
        return float(self.covariance.trace())

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
        floor = FLOOR**2 * self.variances.max()
        self.components = self.components * (self.variances > floor)
        self._projection = self.components
        if self.normalize == 'standardize':
            sigma = np.sqrt(self.covariance.diagonal())
            self._projection = self.components / floored(sigma)[:, None]
        elif self.normalize == 'whiten':
            self._projection = self.components / floored(
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
        features = array_of(x)
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


def _fix_signs(vectors: np.ndarray) -> np.ndarray:
    """Make the entry of largest magnitude in each column positive."""
    largest = abs(vectors).argmax(0)[None]
    signs = np.sign(np.take_along_axis(vectors, largest, 0))
    return vectors * np.where(signs == 0, 1, signs)
