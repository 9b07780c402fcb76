"""Losses, λ and linear probes of several runs side by side."""
from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..training.logs import curve


@dataclass
class Entry:
    """One bar and its curves.

    Attributes:
        top1: Linear probe, in per cent.
        error: Half the length of the error bar.
        log: See :func:`~..training.logs.read_log`.
    """
    label: str
    color: object
    top1: float
    error: float = 0
    log: list[dict] = field(default_factory=list)


def draw(entries: list[Entry], file: Path, loss: str = 'loss') -> None:
    """Write the picture.

    Args:
        entries: From top to bottom.
        file: Where to.
        loss: Title of the losses' panel.
    """
    height = max(3.6, 0.22 * len(entries) + 0.8)
    figure = Figure(figsize=(13, height), dpi=120, layout='constrained')
    losses, lam, bars = figure.subplots(1, 3)
    for entry in entries:
        if entry.log:
            style = dict(color=entry.color, label=entry.label)
            losses.plot(*curve(entry.log, 'loss'), **style)
            lam.step(*curve(entry.log, 'lambda'), where='post', **style)
    losses.set(title=loss, xlabel='step')
    if losses.lines and len(entries) <= 8:
        losses.legend(fontsize=8)
    lam.set(title='λ', xlabel='step', ylim=(-0.1, 1.1))
    _bars(bars, entries[::-1])
    figure.savefig(file)


def _bars(axes: Axes, entries: list[Entry]) -> None:
    values = [entry.top1 for entry in entries]
    errors = [entry.error for entry in entries]
    drawn = axes.barh([entry.label for entry in entries], values,
                      color=[entry.color for entry in entries],
                      xerr=errors if any(errors) else None, capsize=2)
    axes.bar_label(drawn, fmt='%.1f', padding=2)
    axes.set(title='linear probe, top-1 %', xlim=(0, max(values) * 1.2))
