"""Rows of figures that hold the paper's formulas to simulation."""
from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product

import numpy as np
import torch
from torch import Tensor

from . import linear, mixture
from .network import outputs

KEY = 32  # of all random numbers, beside a stream's number and its own
TIMES = [1, 3, 10, 30, 100]
RATES = [0.01, 0.1, 0.5]
SCALES, SHAPES = [0.1, 0.5, 1.], [1., 2., 8.]
SPREADS, RELABELLED = [0.5, 1.], [0, 0.2, 0.4, 0.6, 0.8, 1.]
REPEATS = 20_000
AUGMENTATIONS = [0, 0.25, 0.5, 1, 2, 4]  # kα


def theorem1() -> Iterator[dict]:
    """Rows of setting, formula, simulation and bound of the excess."""
    constant, _ = linear.constants()
    for n, (rate, scale, shape) in enumerate(product(RATES, SCALES, SHAPES)):
        setting = linear.Setting(rate, scale, shape)
        rng = np.random.default_rng([KEY, 3, n])
        for steps, theta in zip(TIMES, linear.simulate(
                setting, TIMES, REPEATS, rng)):
            formula = linear.theorem1(steps, setting)
            yield dict(
                vars(setting), steps=steps,
                **compare(formula, (theta - linear.BEST)**2),
                excess=linear.excess_error(theta).mean(),
                excess_bound=constant * formula)


def theorem2() -> Iterator[dict]:
    """Rows of setting, formula, simulation, and what bounds the latter."""
    _, constant = linear.constants()
    for n, (rate, spread, rho) in enumerate(product(
            RATES, SPREADS, RELABELLED)):
        setting = linear.Setting(rate, math.sqrt(2) * spread, 2., rho)
        noise = linear.noise_of(setting)
        rng = np.random.default_rng([KEY, 4, n])
        for steps, theta in zip(TIMES, linear.simulate(
                setting, TIMES, REPEATS, rng)):
            squared = linear.squared(steps, setting, noise.square)
            bound = linear.theorem2(steps, setting, noise)
            yield dict(
                vars(setting), spread=spread, steps=steps,
                **compare(squared, (theta - linear.BEST)**2),
                distance=np.abs(theta - linear.BEST).mean(), bound=bound,
                excess=linear.excess_error(theta).mean(),
                excess_bound=constant * bound)


def compare(formula: float, values: np.ndarray) -> dict[str, float]:
    """A formula beside the mean of simulated values, in standard errors."""
    mean, error = values.mean(), values.std(ddof=1) / math.sqrt(len(values))
    return dict(formula=formula, simulated=mean, error=error,
                off=(mean - formula) / error)


def boundaries(sigmas: list[float],
               networks: Tensor) -> Iterator[dict]:
    """Appendix E: where the classes meet, by three ways, for each Σ.

    Args:
        sigmas: (K,)
        networks: Parameters of what was trained there, (K, seeds, SIZE).
    """
    line = torch.linspace(0, 3, 3001)[:, None].expand(-1, 2)
    for sigma, theta in zip(sigmas, networks):
        sampled = torch.tensor([mixture.best_threshold(
            *mixture.draw(REPEATS, KEY, 5, n), sigma) for n in range(100)])
        # Networks answer 1 from there up to the end of the line.
        crossed = 3 * (outputs(theta, line) < 0.5).float().mean(-1)
        yield dict(sigma=sigma, likelihoods=mixture.boundary(sigma),
                   samples=mean_and_error(sampled),
                   networks=mean_and_error(crossed))


def overlaps() -> Iterator[dict]:
    """Appendix M: overlap by our formula, by sampling and as printed."""
    for n, augmentation in enumerate(AUGMENTATIONS):
        spread = math.sqrt(mixture.SIGMA**2 + augmentation)
        yield dict(
            augmentation=augmentation, formula=mixture.overlap(spread),
            sampled=mixture.sampled_overlap(augmentation, 10**6, KEY, 6, n),
            printed=mixture.printed_overlap(spread))


def mean_and_error(values: Tensor) -> tuple[float, float]:
    """Over the last dimension, of one dimension."""
    values = values.double()
    return values.mean().item(), (values.std() / len(values)**0.5).item()
