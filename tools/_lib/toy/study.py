"""All that the study finds: networks trained, formulas held to simulation.

What the paper leaves open is settled so: networks begin as `network` says;
validation is on VALIDATION samples of the original mixture (Σ = 0.5), one set
for all, and the excess is over the loss of the true posterior on them; each
seed has one network to begin with and one sequence of labels and noise, from
which every setting makes its samples; f* of a seed is its own Σ = 0.1 network.
"""
from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from torch import Tensor

from . import linear, mixture
from .landscape import Landscape, landscape
from .network import EVERY, SIZE, STEPS, initial, losses, outputs, train

SIGMAS = [n / 10 for n in range(1, 11)]
RHOS = [n / 10 for n in range(11)]
AT = [100, 300, STEPS]  # steps at which all settings are looked at
VALIDATION = 4000
_ON_PLANE = 1000  # of them, for a landscape's many networks
_KEY = 32  # of the random numbers, beside a stream's number and the seed
TIMES = [1, 3, 10, 30, 100]
RATES = [0.01, 0.1, 0.5]
SCALES, SHAPES = [0.1, 0.5, 1.], [1., 2., 8.]
SPREADS, RELABELLED = [0.5, 1.], [0, 0.2, 0.4, 0.6, 0.8, 1.]
REPEATS = 20_000
AUGMENTATIONS = [0, 0.25, 0.5, 1, 2, 4]  # kα


@dataclass
class Sweep:
    """Networks of all seeds in each setting.

    Attributes:
        settings: (K,)
        shown: Three of them, the best first.
        excess: Over the posterior's validation loss, (len(AT), K, seeds).
        curves: The same of the shown ones, (1 + STEPS // EVERY, 3, seeds).
        landscape: The shown ones' trajectories, of the first seed.
        x: Samples of the best setting, (STEPS, 2), of the first seed.
        y: Their targets.
        last: Parameters at the end, (K, seeds, SIZE).
    """
    settings: list[float]
    shown: list[float]
    excess: Tensor
    curves: Tensor
    landscape: Landscape
    x: Tensor
    y: Tensor
    last: Tensor


@dataclass
class Study:
    """Fig. 2 and 3; rows of theorems 1 and 2 and of appendices E and M."""
    posterior_loss: float
    samples: Sweep
    targets: Sweep
    theorem1: list[dict]
    theorem2: list[dict]
    boundary: list[dict]
    overlap: list[dict]


class Validation:
    """Samples of the original mixture, and the least loss on them."""

    def __init__(self) -> None:
        self.y, noise = mixture.draw(VALIDATION, _KEY, 0)
        self.x = mixture.place(self.y, noise, mixture.SIGMA)
        self.least = self.of_posterior(mixture.SIGMA)

    def of_posterior(self, sigma: float) -> float:
        """Loss of the best answers to a mixture of another spread."""
        answers = mixture.posterior(self.x, sigma)
        return (answers - self.y).square().mean().item()

    def excess(self, theta: Tensor) -> Tensor:
        return losses(theta, self.x, self.y) - self.least


def study(seeds: int) -> Study:
    """Everything, for this many seeds from 0 on."""
    data = Validation()
    begin = torch.stack([initial(_KEY, 1, n) for n in range(seeds)])
    labels, noise = map(torch.stack, zip(*(
        mixture.draw(STEPS, _KEY, 2, n) for n in range(seeds))))
    x = torch.stack([mixture.place(labels, noise, s) for s in SIGMAS])
    samples = _sweep(data, SIGMAS, [0.1, 0.5, 1.], begin, x,
                     labels.expand(x.shape[:-1]))
    answers = outputs(samples.last[0], x[-1])
    y = torch.stack([rho * answers + (1 - rho) * labels for rho in RHOS])
    targets = _sweep(data, RHOS, [1., 0.5, 0.], begin,
                     x[-1].expand(len(RHOS), *x.shape[1:]), y)
    return Study(data.least, samples, targets, list(theorem1()),
                 list(theorem2()), list(boundaries(data, samples)),
                 list(overlaps()))


def _sweep(data: Validation, settings: list[float], shown: list[float],
           begin: Tensor, x: Tensor, y: Tensor) -> Sweep:
    """x: (K, seeds, STEPS, 2); y: (K, seeds, STEPS)."""
    path = train(begin.expand(len(settings), -1, SIZE), x, y)
    rows = [settings.index(value) for value in shown]
    return Sweep(
        settings, shown, data.excess(path[[step // EVERY for step in AT]]),
        data.excess(path[:, rows]), landscape(
            path[:, rows, 0], data.x[:_ON_PLANE], data.y[:_ON_PLANE]),
        x[rows[0], 0], y[rows[0], 0], path[-1])


def theorem1() -> Iterator[dict]:
    """Rows of setting, formula, simulation and bound of the excess."""
    constant, _ = linear.constants()
    for n, (rate, scale, shape) in enumerate(product(RATES, SCALES, SHAPES)):
        setting = linear.Setting(rate, scale, shape)
        rng = np.random.default_rng([_KEY, 3, n])
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
        rng = np.random.default_rng([_KEY, 4, n])
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


def boundaries(data: Validation, samples: Sweep) -> Iterator[dict]:
    """Appendix E: where the classes meet, by three ways, for each Σ."""
    line = torch.linspace(0, 3, 3001)[:, None].expand(-1, 2)
    for sigma, theta in zip(samples.settings, samples.last):
        sampled = torch.tensor([mixture.best_threshold(
            *mixture.draw(REPEATS, _KEY, 5, n), sigma) for n in range(100)])
        # Networks answer 1 from there up to the end of the line.
        crossed = 3 * (outputs(theta, line) < 0.5).float().mean(-1)
        yield dict(sigma=sigma, likelihoods=mixture.boundary(sigma),
                   samples=mean_and_error(sampled),
                   networks=mean_and_error(crossed),
                   limit=data.of_posterior(sigma) - data.least)


def overlaps() -> Iterator[dict]:
    """Appendix M: overlap by our formula, by sampling and as printed."""
    for n, augmentation in enumerate(AUGMENTATIONS):
        spread = math.sqrt(mixture.SIGMA**2 + augmentation)
        yield dict(
            augmentation=augmentation, formula=mixture.overlap(spread),
            sampled=mixture.sampled_overlap(augmentation, 10**6, _KEY, 6, n),
            printed=mixture.printed_overlap(spread))


def mean_and_error(values: Tensor) -> tuple[float, float]:
    """Over the last dimension, of one dimension."""
    values = values.double()
    return values.mean().item(), (values.std() / len(values)**0.5).item()
