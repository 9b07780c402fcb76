"""BatchPCA beside the bare arithmetic and scikit-learn's IncrementalPCA."""
from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import torch
from torch import Tensor

from mmrela.errors import UserError
from mmrela.pca import BatchPCA
from mmrela.targets import BLOCK

from .plan import Case, Plan, Ratio

OURS, BARE, SKLEARN = 'BatchPCA', 'X^T X and eigh', 'IncrementalPCA'


def plan(samples: int, dim: int, components: int) -> Plan:
    """All of them on the same float32 features, computing in float64.

    scikit-learn, which would compute in float32, gets a float64 copy.

    Args:
        samples: Rows of features, N.
        dim: Their width, d.
        components: How many are taken, k.

    Raises:
        UserError: there are not so many components.
    """
    if not 1 <= components <= min(samples, dim):
        raise UserError(f'--components {components}: choose 1 to '
                        f'{min(samples, dim)}')
    x = features(samples, dim)
    cases: dict[str, Case] = {
        OURS: lambda: fit(x, components), BARE: lambda: bare(x)}
    missing: dict[str, str] = {}
    if find_spec('sklearn') is None:
        missing[SKLEARN] = 'scikit-learn is not installed'
    else:
        from sklearn.decomposition import IncrementalPCA
        array = x.double().numpy()
        cases[SKLEARN] = lambda: IncrementalPCA(
            components, batch_size=BLOCK).fit(array)
    part = x[:2 * dim]
    error = projection_error(part, min(components, len(part) - 1))
    return Plan(
        f'PCA of {samples} x {dim} features, {components} components', cases,
        [Ratio(f'{OURS} / {BARE}', OURS, BARE),
         Ratio(f'{SKLEARN} / {OURS}', SKLEARN, OURS)],
        samples, 1, missing, dict(notes={
            f'largest error of projections against SVD in float64, first '
            f'{len(part)} rows, relative to the largest one': f'{error:.1e}'}))


def features(samples: int, dim: int) -> Tensor:
    """Random features (N, d) float32 whose variances fall, off centre."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(samples, dim, generator=generator)
    return noise * torch.linspace(1, 0.1, dim) + 1


def fit(x: Tensor, components: int) -> BatchPCA:
    """What ``gen_targets.py`` does with features (N, d)."""
    pca = BatchPCA()
    for block in x.split(BLOCK):
        pca.update(block)
    return pca.fit(components)


def bare(x: Tensor) -> None:
    """The least that a PCA by covariance in float64 has to do."""
    x = x.double().numpy()
    np.linalg.eigh(x.T @ x)


def projection_error(x: Tensor, components: int) -> float:
    """Largest difference of projections, by the largest projection.

    Components have no sign: each column takes the one that fits.
    """
    x = x.double()
    found = fit(x, components).transform(x)
    left, values, _ = torch.linalg.svd(x - x.mean(0), full_matrices=False)
    true = (left * values)[:, :components]
    true = true * (true * found).sum(0).sign()
    return ((found - true).abs().max() / true.abs().max()).item()
