"""Line charts as SVG whose colours the page's style sheet chooses."""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from matplotlib.ticker import MaxNLocator

WIDTH, HEIGHT = 340, 210
LEFT, RIGHT, TOP, BOTTOM = 52, 10, 8, 24  # around the plot
DOTS = 150  # of each line, which tell their values to the pointer


@dataclass
class Line:
    """A curve.

    Args:
        name: For the legend and the pointer.
        x: Steps or the like, ascending.
        y: As many values, all finite.
        color: Number of the style sheet's colour.
        style: Classes: ``dotted``, ``marked`` (with dots), ``stairs``.
    """
    name: str
    x: Sequence[float]
    y: Sequence[float]
    color: int = 0
    style: str = ''


@dataclass
class Scale:
    """Maps values to pixels.

    Args:
        low: Value at ``start``.
        high: Value at ``end``.
        start: In pixels.
        end: In pixels.
        log: Whether factors, not differences, are equally long.
        whole: Whether there is nothing between whole numbers.
    """
    low: float
    high: float
    start: float
    end: float
    log: bool = False
    whole: bool = False

    def __call__(self, value: float) -> float:
        low, high, value = (
            map(math.log10, (self.low, self.high, value)) if self.log
            else (self.low, self.high, value))
        share = (value - low) / ((high - low) or 1)
        return round(self.start + share * (self.end - self.start), 1)

    def ticks(self) -> list[float]:
        """Round values between the ends."""
        if self.log:
            powers = range(math.ceil(math.log10(self.low)),
                           math.floor(math.log10(self.high)) + 1)
            return [10.0**power for power in powers]
        found = MaxNLocator(5, integer=self.whole).tick_values(
            self.low, self.high)
        return [tick for tick in found.tolist()
                if self.low <= tick <= self.high]


def chart(title: str, lines: Sequence[Line], xlabel: str = 'step',
          marks: Sequence[tuple[float, int]] = (),
          stage: tuple[float, float] | None = None,
          span: tuple[float, float] | None = None, log: str = '') -> str:
    """A figure with its caption.

    Args:
        title: Of the figure.
        lines: At least one with a point.
        xlabel: What ``x`` is.
        marks: ``x`` of hand-overs, and the colours of their lines.
        stage: From where to where ``x`` is RELA's stage, if it is.
        span: Ends of the axis of ``x``; default: those of the lines.
        log: Which of the axes are logarithmic, ``x`` or ``xy``.
    """
    x, y = _scales(lines, span, log)
    parts = [_axes(x, y, xlabel)]
    if stage:
        parts.insert(0, _rect('stage', *map(x, stage)))
    parts += [f'<path class="mark c{color}" d="M{x(at)} {TOP}V{y.start}">'
              f'<title>hand-over at step {at:g}</title></path>'
              for at, color in marks if x.low <= at <= x.high]
    parts += [_draw(line, x, y) for line in lines if line.x]
    return (f'<figure><figcaption>{escape(title)}</figcaption>'
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'aria-label="{escape(title)}">{"".join(parts)}</svg></figure>')


def _scales(lines: Sequence[Line], span: tuple[float, float] | None,
            log: str) -> tuple[Scale, Scale]:
    xs, ys = ([value for line in lines for value in getattr(line, name)]
              for name in 'xy')
    low, high = min(ys), max(ys)
    room = (high - low) * 0.06 or abs(high) * 0.5 or 1
    if 'y' not in log:
        low, high = low - room, high + room
    first, last = span or (min(xs), max(xs))
    return (Scale(first, last, LEFT, WIDTH - RIGHT, 'x' in log, whole=True),
            Scale(low, high, HEIGHT - BOTTOM, TOP, 'y' in log))


def _rect(name: str, start: float, end: float) -> str:
    return (f'<rect class="{name}" x="{start}" y="{TOP}" width='
            f'"{round(end - start, 1)}" height="{HEIGHT - TOP - BOTTOM}"/>')


def _axes(x: Scale, y: Scale, xlabel: str) -> str:
    rows = ''.join(
        f'<path class="grid" d="M{x.start} {y(tick)}H{x.end}"/>'
        f'<text class="left" x="{x.start - 6}" y="{y(tick)}">{_short(tick)}'
        '</text>' for tick in y.ticks())
    columns = ''.join(
        f'<text class="below" x="{x(tick)}" y="{y.start + 16}">'
        f'{_short(tick)}</text>' for tick in x.ticks()
        if x(tick) < x.end - 14 - 7 * len(xlabel))
    return (f'{rows}{columns}<path class="axis" d="M{x.start} {y.start}'
            f'H{x.end}"/><text class="name" x="{x.end}" y="{y.start + 16}">'
            f'{escape(xlabel)}</text>')


def _short(value: float) -> str:
    return f'{value:,.0f}' if abs(value) >= 1000 else f'{value:.4g}'


def _draw(line: Line, x: Scale, y: Scale) -> str:
    across, up = [*map(x, line.x)], [*map(y, line.y)]
    join: Callable = (lambda a, b: f'H{a}V{b}') if (
        'stairs' in line.style) else (lambda a, b: f'L{a} {b}')
    path = f'M{across[0]} {up[0]}' + ''.join(map(join, across[1:], up[1:]))
    style = line.style if len(across) > 1 else 'marked'
    every = math.ceil(len(across) / DOTS)
    dots = ''.join(
        f'<circle cx="{across[i]}" cy="{up[i]}" r="3.5"><title>'
        f'{escape(line.name)}: {line.y[i]:.5g} at {line.x[i]:g}</title>'
        '</circle>' for i in range(0, len(across), every))
    return (f'<g class="line c{line.color} {style}"><path d="{path}"/>'
            f'{dots}</g>')
