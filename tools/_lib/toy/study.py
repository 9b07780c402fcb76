"""All that the study finds: networks trained, formulas held to simulation.

What the paper leaves open is settled so: networks begin as `network` says;
validation is on VALIDATION samples of the original mixture (Σ = 0.5), one set
for all, and the excess is over the loss of the true posterior on them; each
seed has one network to begin with and one sequence of labels and noise, from
which every setting makes its samples; f* of a seed is its own Σ = 0.1 network.
"""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from . import mixture
from .formulas import KEY, boundaries, overlaps, theorem1, theorem2
from .landscape import Landscape, landscape
from .network import EVERY, SIZE, STEPS, initial, losses, outputs, train

SIGMAS = [n / 10 for n in range(1, 11)]
RHOS = [n / 10 for n in range(11)]
AT = [100, 300, STEPS]  # steps at which all settings are looked at
VALIDATION = 4000
_ON_PLANE = 1000  # of them, for a landscape's many networks


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
    """Fig. 2 and 3; rows of theorems 1 and 2 and of appendices E and M.

    Attributes:
        least: Validation loss of the true posterior.
        ends: Excess of the posterior for each of SIGMAS, which is where a
            network that only sees samples of that spread would end.
    """
    least: float
    ends: list[float]
    samples: Sweep
    targets: Sweep
    theorem1: list[dict]
    theorem2: list[dict]
    boundary: list[dict]
    overlap: list[dict]


class Validation:
    """Samples of the original mixture, and the least loss on them."""

    def __init__(self) -> None:
        self.y, noise = mixture.draw(VALIDATION, KEY, 0)
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
    begin = torch.stack([initial(KEY, 1, n) for n in range(seeds)])
    labels, noise = map(torch.stack, zip(*(
        mixture.draw(STEPS, KEY, 2, n) for n in range(seeds))))
    x = torch.stack([mixture.place(labels, noise, s) for s in SIGMAS])
    samples = _sweep(data, SIGMAS, [0.1, 0.5, 1.], begin, x,
                     labels.expand(x.shape[:-1]))
    answers = outputs(samples.last[0], x[-1])
    y = torch.stack([rho * answers + (1 - rho) * labels for rho in RHOS])
    targets = _sweep(data, RHOS, [1., 0.5, 0.], begin,
                     x[-1].expand(len(RHOS), *x.shape[1:]), y)
    ends = [data.of_posterior(sigma) - data.least for sigma in SIGMAS]
    return Study(data.least, ends, samples, targets, list(theorem1()),
                 list(theorem2()), list(boundaries(SIGMAS, samples.last)),
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


def spearman_rows(sweep: Sweep) -> list[dict]:
    """Rank correlations with Σ, or 1 - ρ, after each number of steps.

    `means` is that of the mean over seeds, `runs` that of all runs at once,
    `median` and `least` those of the seeds' own.
    """
    hardest = sweep.shown[-1] > sweep.shown[0]
    sign = 1 if hardest else -1
    hard = sign * np.array(sweep.settings)
    rows = []
    for steps, runs in zip(AT, sweep.excess.double().numpy()):
        own = [spearman(hard, column) for column in runs.T]
        rows.append(dict(
            steps=steps, means=spearman(hard, runs.mean(1)),
            runs=spearman(np.repeat(hard, runs.shape[1]), runs.ravel()),
            median=float(np.median(own)), least=min(own)))
    return rows


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    """Rank correlation of two rows; equals share the mean of their ranks."""
    ranks = [np.sign(row[:, None] - row).sum(1) for row in (a, b)]
    return float(np.corrcoef(ranks)[0, 1])
