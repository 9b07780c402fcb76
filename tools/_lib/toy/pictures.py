"""The study's pictures: the paper's Fig. 2 and 3, and its formulas."""
from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from .formulas import mean_and_error
from .linear import Setting
from .linear import theorem1 as formula
from .mixture import SIGMA, overlap, printed_overlap
from .network import EVERY, STEPS
from .study import AT, Study, Sweep

COLORS = 'tab:green', 'tab:orange', 'tab:red'  # from best to worst


def draw(found: Study, folder: Path) -> None:
    """Write toy_samples.png, toy_targets.png and toy_theorems.png."""
    _sweep(found.samples, 'Σ', folder / 'toy_samples.png')
    _sweep(found.targets, 'ρ', folder / 'toy_targets.png')
    figure, axes = _panels(4)
    _theorem1(axes[0], found.theorem1)
    _theorem2(axes[1], found.theorem2)
    _boundary(axes[2], found.boundary)
    _overlap(axes[3], found.overlap)
    figure.savefig(folder / 'toy_theorems.png')


def _panels(count: int) -> tuple[Figure, np.ndarray]:
    figure = Figure(figsize=(4.2 * count, 3.6), dpi=80, layout='constrained')
    return figure, figure.subplots(1, count)


def _sweep(sweep: Sweep, symbol: str, file: Path) -> None:
    figure, (plane, curves, final, points) = _panels(4)
    _landscape(figure, plane, sweep, symbol)
    steps = EVERY * np.arange(len(sweep.curves))
    for color, value, runs in zip(COLORS, sweep.shown,
                                  sweep.curves.unbind(1)):
        curves.plot(steps, runs.mean(-1), color=color,
                    label=f'{symbol} = {value:g}')
    curves.set(title='excess validation loss, mean', xlabel='step',
               xlim=(0, STEPS), yscale='log')
    curves.legend()
    for after, settings in zip(AT, sweep.excess):
        mean, error = np.transpose([mean_and_error(row) for row in settings])
        final.errorbar(sweep.settings, mean, error, fmt='o-', capsize=2,
                       label=f'{after:,} steps')
    final.set(title='excess validation loss, mean ± SE', xlabel=symbol,
              yscale='log')
    final.legend()
    drawn = points.scatter(*sweep.x.T, c=sweep.y, s=8, vmin=0, vmax=1,
                           cmap='coolwarm')
    figure.colorbar(drawn, label='target')
    points.set(title=f'samples and targets, {symbol} = {sweep.shown[0]:g}',
               aspect='equal')
    figure.savefig(file)


def _landscape(figure: Figure, axes: Axes, sweep: Sweep,
               symbol: str) -> None:
    plane = sweep.landscape
    drawn = axes.contourf(*plane.axes, plane.losses, levels=20, cmap='Blues')
    figure.colorbar(drawn, label='validation loss')
    for color, value, path in zip(COLORS, sweep.shown,
                                  plane.paths.unbind(1)):
        axes.plot(*path.T, color=color, label=f'{symbol} = {value:g}')
        axes.plot(*path[-1], 'o', color=color)
    axes.plot(*plane.paths[0, 0], 'k*', label='begin')
    axes.set(title=f'trajectories ({plane.share:.0%} in the plane)',
             xlabel='first direction', ylabel='second direction')
    axes.legend(fontsize=8)


def _theorem1(axes: Axes, rows: list[dict]) -> None:
    times = np.arange(1, 101)
    for color, scale in zip(COLORS, sorted({row['scale'] for row in rows})):
        setting = Setting(0.1, scale, 2.)
        axes.plot(times, [formula(t, setting) for t in times.tolist()],
                  color=color, label=f'α = {scale:g}')
        same = [row for row in rows if (
            row['rate'], row['scale'], row['shape']) == (0.1, scale, 2)]
        axes.errorbar([row['steps'] for row in same],
                      [row['simulated'] for row in same],
                      [row['error'] for row in same], fmt='o', color=color)
    axes.set(title='Theorem 1: E(θ − θ*)² (η = 0.1, β = 2)', xlabel='step',
             xscale='log', yscale='log')
    axes.legend(title='line: formula\npoints: simulated ± SE')


def _theorem2(axes: Axes, rows: list[dict]) -> None:
    for color, spread in zip(COLORS, sorted({row['spread'] for row in rows})):
        same = [row for row in rows if (
            row['rate'], row['spread'], row['steps']) == (0.1, spread, 100)]
        left = [1 - row['rho'] for row in same]
        for key, (style, name) in _STYLES.items():
            axes.plot(left, [row[key] for row in same], style, color=color,
                      label=f'{name}, Σ = {spread:g}')
    axes.set(title='Theorem 2 (η = 0.1, t = 100)', xlabel='1 − ρ',
             yscale='log', ylim=(0.01, 20))
    axes.legend(fontsize=6, ncols=2, loc='upper center')


_STYLES = dict(
    bound=('-', 'bound of E|θ − θ*|'), distance=('o', 'E|θ − θ*|'),
    formula=('--', 'E(θ − θ*)², formula'),
    simulated=('s', 'E(θ − θ*)², simulated'))


def _boundary(axes: Axes, rows: list[dict]) -> None:
    sigmas = [row['sigma'] for row in rows]
    axes.plot(sigmas, [row['likelihoods'] for row in rows], 'k',
              label='likelihoods')
    for name in 'samples', 'networks':
        mean, error = np.transpose([row[name] for row in rows])
        axes.errorbar(sigmas, mean, error, fmt='o', capsize=2, label=name)
    axes.set(title='App. E: boundary on x₁ = x₂', xlabel='Σ', ylim=(1.2, 1.8))
    axes.legend()


def _overlap(axes: Axes, rows: list[dict]) -> None:
    added = [row['augmentation'] for row in rows]
    line = np.linspace(0, max(added), 100)
    spreads = np.sqrt(SIGMA**2 + line).tolist()
    axes.plot(line, [overlap(s) for s in spreads], label='2Φ(−Δμ/2s)')
    axes.plot(added, [row['sampled'][0] for row in rows], 'o',
              label='sampled')
    axes.plot(line, [printed_overlap(s) for s in spreads], '--',
              label='eq. 34 as printed')
    axes.set(title='App. M: overlap', xlabel='variance added, kα',
             ylim=(0, 1))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.legend()
