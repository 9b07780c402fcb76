"""How many directions features fill."""
from __future__ import annotations

import torch
from torch import Tensor

from ..targets import BLOCK
from .regression import not_noise, thin_svd


def spectrum(features: Tensor) -> Tensor:
    """Shares of the variance along principal axes, descending, (r,).

    Of more features than they have dimensions no copy is made: those of a
    large data set fill the memory as they are.
    """
    if len(features) <= features.shape[1]:
        features = features.double()
        values = thin_svd(features - features.mean(0))[1].square()
    else:
        parts = features.split(BLOCK)
        mean = sum(part.double().sum(0) for part in parts) / len(features)
        centred = (part.double() - mean for part in parts)
        values = torch.linalg.eigvalsh(sum(part.T @ part for part in centred))
        values = values[not_noise(values)]
    return values.flip(0) / values.sum()


def effective_rank(shares: Tensor) -> float:
    """exp of the entropy of :func:`spectrum`: 1 to the number of axes."""
    return float(torch.special.entr(shares).sum().exp())


def rankme(features: Tensor) -> float:
    """How many directions features fill: 1 to min(n, d).

    exp of the entropy of their singular values, which are neither centred
    nor squared here (RankMe, Garrido et al., arXiv:2210.02885).

    Args:
        features: (n, d).
    """
    values = torch.linalg.svdvals(features.double())
    return float(torch.special.entr(values / values.sum()).sum().exp())


def lidar(views: Tensor) -> float:
    """Directions that tell images apart beyond what tells their views apart.

    The effective rank of Σ_w^(-1/2) Σ_b Σ_w^(-1/2), between and within
    images, with 1e-4 on the diagonal of Σ_w (LiDAR, Thilak et al.,
    arXiv:2312.04000): 1 to min(n - 1, d).

    Args:
        views: Features of q views of each of n images, (n, q, d).
    """
    views = views.double()
    means = views.mean(1)
    spread = (views - means[:, None]).flatten(0, 1)
    within = spread.T @ spread / len(spread)
    within.diagonal().add_(1e-4)
    values, axes = torch.linalg.eigh(within)
    return effective_rank(spectrum(means @ axes / values.sqrt()))
