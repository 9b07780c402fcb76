"""The linear model of appendices B and C: formulas, and their simulation.

f(x) = sign(x + θ) in one dimension, with labels of ±1. Its online SGD is
θ' = θ - η(θ + x - y'), y' = ρ f*(x) + (1 - ρ) y; x comes from generalised
Gaussians of shape β and scale α around the class's mean, density
∝ exp(-(|x - μ|/α)^β). ρ = 0 is the case of theorem 1. The loss is the error
rate on the original mixture, whose spread is SIGMA.

Of theorem 2: the bound that appendix C proves is A + B(1 - ρ), linear but
with A > 0: eq. 6's Õ(1 - ρ) leaves that constant out, and exact targets do
not end the noise. E(θ - θ*)² has a formula as exact as theorem 1's, with
E(x - y' + θ*)² for its noise: a parabola in ρ, whose least value comes before
ρ = 1 where mislabelled samples lie less than 1 from the boundary in the mean.
"""
from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from .mixture import MEANS, SIGMA

BEST = -sum(MEANS) / 2  # θ*
BEGIN = 0.  # θ₀
HALF = (MEANS[1] - MEANS[0]) / 2


@dataclass(frozen=True)
class Setting:
    """η, α, β and ρ of the module's docstring."""
    rate: float
    scale: float
    shape: float
    rho: float = 0.


@dataclass(frozen=True)
class Noise:
    """E|x - y' + θ*| for y' = f*(x) and y' = y, and E(x - y' + θ*)²."""
    relabelled: float
    labelled: float
    square: float


def theorem1(steps: int, s: Setting) -> float:
    """E(θ_t - θ*)² for ρ = 0, in closed form."""
    gammas = math.gamma(3 / s.shape) / math.gamma(1 / s.shape)
    return squared(steps, s, s.scale**2 * gammas + (1 - HALF)**2)


def squared(steps: int, s: Setting, noise: float) -> float:
    """E(θ_t - θ*)² where E(x - y' + θ*)² is `noise`."""
    left = (1 - s.rate)**(2 * steps)
    return (left * (BEGIN - BEST)**2
            + s.rate / (2 - s.rate) * (1 - left) * noise)


def theorem2(steps: int, s: Setting, noise: Noise) -> float:
    """Appendix C's bound on E|θ_t - θ*|, linear in 1 - ρ."""
    left = (1 - s.rate)**steps
    mean = s.rho * noise.relabelled + (1 - s.rho) * noise.labelled
    return left * abs(BEGIN - BEST) + (1 - left) * mean


def noise_of(s: Setting) -> Noise:
    """Integrals over class 1; class 0 mirrors it."""
    reach = s.scale * 40**(1 / s.shape)  # the density falls to e⁻⁴⁰ there
    u, step = np.linspace(HALF - reach, HALF + reach, 200_001, retstep=True)
    density = np.exp(-(np.abs(u - HALF) / s.scale)**s.shape)
    density *= s.shape / (2 * s.scale * math.gamma(1 / s.shape)) * step
    relabelled, labelled = u - np.sign(u), u - 1
    mixed = s.rho * relabelled + (1 - s.rho) * labelled
    return Noise(*(float(density @ values) for values in (
        np.abs(relabelled), np.abs(labelled), mixed**2)))


def simulate(s: Setting, times: list[int], repeats: int,
             rng: np.random.Generator) -> np.ndarray:
    """θ_t at each of the ascending times, (len(times), repeats)."""
    theta, found = np.full(repeats, BEGIN), []
    for step in range(1, times[-1] + 1):
        label = rng.choice([-1., 1.], repeats)
        side = rng.choice([-1., 1.], repeats)
        size = rng.standard_gamma(1 / s.shape, repeats)**(1 / s.shape)
        x = -BEST + HALF * label + s.scale * side * size
        target = s.rho * np.sign(x + BEST) + (1 - s.rho) * label
        theta = theta - s.rate * (theta + x - target)
        if step in times:
            found.append(theta)
    return np.stack(found)


def excess_error(theta: np.ndarray) -> np.ndarray:
    """How much more often sign(x + θ) errs than sign(x + θ*)."""
    return _error(theta) - _error(np.array(BEST))


def constants() -> tuple[float, float]:
    """C₁ and C₁': least such that the excess is below C₁(θ - θ*)² and
    below C₁'|θ - θ*|."""
    distance = np.linspace(1e-3, 20, 20_000)
    excess = excess_error(BEST + distance)
    return float((excess / distance**2).max()), float(
        (excess / distance).max())


def _error(theta: np.ndarray) -> np.ndarray:
    first, second = MEANS
    tails = _erf((first + theta) / SIGMA) + _erf(-(second + theta) / SIGMA)
    return (2 + tails) / 4


def _erf(z: np.ndarray) -> np.ndarray:
    return torch.erf(torch.as_tensor(z / math.sqrt(2))).numpy()
