"""The mixture of two Gaussians (Def. 3), and where its classes meet.

Appendix M of the paper wants the overlap of two classes whose variance
augmentation has raised to s² = σ² + kα. Its eq. 34, 2Φ(Δμ/(√2 s)) - 1, falls
where s rises, against the theorem that follows from it (whose proof lets Φ
rise while its argument falls). Two Gaussians of one variance cross midway;
each has the tail Φ(-Δμ/(2s)) beyond, and the lesser of the two densities is
the other's tail on either side. So their overlap ∫ min(P₁, P₂) is
2Φ(-Δμ/(2s)), which rises with s. With 2 in place of √2, eq. 34 would be one
minus that, the distance in total variation.
"""
from __future__ import annotations

import math

import torch
from torch import Tensor

from mmrela.rng import generator_of

MEANS = 1., 2.  # of classes 0 and 1, in each coordinate
SIGMA = 0.5


def draw(count: int, *key: int) -> tuple[Tensor, Tensor]:
    """Labels (count,) of 0 and 1, and noise (count, 2) ~ N(0, I)."""
    generator = generator_of(*key)
    labels = torch.rand(count, generator=generator) < 0.5
    return labels.float(), torch.randn(count, 2, generator=generator)


def place(labels: Tensor, noise: Tensor, sigma: float | Tensor) -> Tensor:
    """Samples of the mixture.

    Args:
        labels: (..., n).
        noise: (..., n, 2).
        sigma: Standard deviation in each coordinate.

    Returns:
        (..., n, 2)
    """
    first, second = MEANS
    return first + (second - first) * labels[..., None] + sigma * noise


def log_ratio(x: Tensor, sigma: float) -> Tensor:
    """Λ(x) = log P(x | 1) - log P(x | 0) of samples (..., 2)."""
    far, near = ((x - mean).square().sum(-1) for mean in MEANS)
    return (far - near) / (2 * sigma**2)


def posterior(x: Tensor, sigma: float) -> Tensor:
    """P(1 | x), the best answer under the squared error."""
    return log_ratio(x, sigma).sigmoid()


def boundary(sigma: float) -> float:
    """Where Λ, which is linear, is 0 on the line x₁ = x₂ (appendix E)."""
    first, second = MEANS
    a, b = log_ratio(torch.tensor([[first] * 2, [second] * 2]), sigma).tolist()
    return (first * b - second * a) / (b - a)


def best_threshold(labels: Tensor, noise: Tensor, sigma: float) -> float:
    """The threshold on (x₁ + x₂)/2 with the fewest errors on samples.

    Midway, where a whole range has as few.

    Args:
        labels: (n,)
        noise: (n, 2)
        sigma: Of the samples.
    """
    values, order = place(labels, noise, sigma).mean(-1).sort()
    labels = labels[order]
    # Errors of class 1 below each gap between two values, of 0 above it.
    errors = (labels.cumsum(0) + (1 - labels).flip(0).cumsum(0).flip(0)
              - (1 - labels))[:-1]
    fewest = (errors == errors.min()).nonzero()
    return float(values[fewest[0]] + values[fewest[-1] + 1]) / 2


def overlap(spread: float) -> float:
    """Of the classes in one dimension: ∫ min(P₁, P₂), in [0, 1]."""
    return 2 * _normal(-_distance() / (2 * spread))


def printed_overlap(spread: float) -> float:
    """The same as the paper's eq. 34 prints it."""
    return 2 * _normal(_distance() / (math.sqrt(2) * spread)) - 1


def sampled_overlap(augmentation: float, count: int,
                    *key: int) -> tuple[float, float]:
    """The same, counted on augmented samples that lie across the middle.

    Args:
        augmentation: kα, the variance that augmentation adds to SIGMA².
        count: Samples of each class.
        key: Of the random numbers.

    Returns:
        Overlap and its standard error.
    """
    drawn = torch.randn(2, 2, count, generator=generator_of(*key))
    spreads = torch.tensor([SIGMA, math.sqrt(augmentation)])
    noise = (spreads[:, None, None] * drawn).sum(0)  # a sample's, and ε
    half = _distance() / 2
    shares = torch.stack([noise[0] > half, noise[1] < -half]).double().mean(1)
    variances = shares * (1 - shares) / count
    return shares.sum().item(), variances.sum().sqrt().item()


def _distance() -> float:
    return MEANS[1] - MEANS[0]


def _normal(z: float) -> float:
    return math.erfc(-z / math.sqrt(2)) / 2
