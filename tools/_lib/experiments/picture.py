"""Accuracies of several results at their ends and on the way there."""
from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..figures import save
from ..training.logs import Curve
from .cost import MEASURES


@dataclass
class Entry:
    """One bar and its curves.

    Attributes:
        top1: Linear probe, in per cent.
        error: Half the length of the error bar.
        curves: See :func:`~.compute.over_time`, by measure.
        switch: The step of the hand-over.
    """
    label: str
    color: object
    top1: float
    error: float = 0
    curves: dict[str, Curve] = field(default_factory=dict)
    switch: int | None = None


def draw(entries: list[Entry], goals: dict[str, float], score: str,
         file: Path) -> None:
    """Write the picture.

    Args:
        entries: From top to bottom.
        goals: Scores to mark, by measure.
        score: What the rows' results are, with its unit.
        file: Where to.
    """
    measures = [name for name in MEASURES
                if any(name in entry.curves for entry in entries)]
    height = max(3.6 * len(measures), 0.22 * len(entries) + 0.8, 2)
    figure = Figure(figsize=(13 if measures else 7, height), dpi=120,
                    layout='constrained')
    panels = figure.subplot_mosaic(
        [['bars', f'{name} 1', f'{name} 0'] for name in measures]
        or [['bars']])
    _bars(panels.pop('bars'), entries[::-1], score)
    for title, axes in panels.items():
        name, column = title.split()
        for entry in entries:
            if name in entry.curves:
                _curve(axes, entry, entry.curves[name], int(column))
        axes.set_ylabel(f'{MEASURES[name]}, top-1 %')
        if name in goals:
            axes.axhline(goals[name], color='gray', ls='--', lw=0.8)
    save(figure, file)


def _curve(axes: Axes, entry: Entry, curve: Curve, column: int) -> None:
    """A curve over steps (column 0) or seconds, its hand-over a diamond."""
    points = np.array(curve).T
    axes.plot(points[column], points[2], '.-', color=entry.color)
    first, *_, last = points[0]
    if entry.switch is not None and first <= entry.switch <= last:
        x, y = (np.interp(entry.switch, points[0], points[i])
                for i in (column, 2))
        axes.plot(x, y, 'D', color=entry.color, markeredgecolor='black')
    axes.set_xlabel(('steps', 'seconds with targets and PCA')[column]
                    + ' (◆ hand-over)')


def _bars(axes: Axes, entries: list[Entry], score: str) -> None:
    values = [entry.top1 for entry in entries]
    errors = [entry.error for entry in entries]
    drawn = axes.barh([entry.label for entry in entries], values,
                      color=[entry.color for entry in entries],
                      xerr=errors if any(errors) else None, capsize=2)
    axes.bar_label(drawn, fmt='%.1f', padding=2)
    axes.set(xlabel=f'at the end: {score}', xlim=(0, max(values) * 1.2))
