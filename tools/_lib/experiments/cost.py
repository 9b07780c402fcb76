"""What a run pays for another one's accuracy (paper, Fig. 4c)."""
from __future__ import annotations

from pathlib import Path
from statistics import mean

import matplotlib
from matplotlib import colormaps

from ..training.logs import curve

matplotlib.use('Agg')
import matplotlib.pyplot as plt  # noqa: E402

Curve = list[tuple[int, float, float]]  # steps, seconds, kNN top-1 in %
HEAD = ('| row | reached by | steps | images | seconds, targets included '
        "| % of the baseline's |\n" + '|---' * 6 + '|')


def knn_curve(log: list[dict], train_seconds: float) -> Curve:
    """Steps, seconds of training and kNN top-1 in per cent.

    Args:
        log: See :func:`_curves.read_log`; empty where no kNN was logged.
        train_seconds: Of the whole run. The log's seconds are means over
            some steps, so they only tell how the whole is distributed.
    """
    passed = {0: 0.0}
    for step, seconds in zip(*curve(log, 'time')):
        last = max(passed)
        passed[step] = passed[last] + seconds * (step - last)
    scale = train_seconds / (max(passed.values()) or 1)
    return [(step, round(scale * max(value for at, value in passed.items()
                                     if at <= step), 1), round(top1, 2))
            for step, top1 in zip(*curve(log, 'knn_top1'))]


def write_cost(rows: dict[str, list[dict]], baseline: str, stem: Path) -> str:
    """Write ``STEM_cost.png``; return a table as Markdown.

    A run is compared with the baseline's of its own seed; both are left out
    until there is one.

    Args:
        rows: Results of each row; those without ``knn`` do not count.
        baseline: The row whose last score is to be reached.
        stem: Where to, without the ending.
    """
    ends = {line['seed']: _curve(line)[-1]
            for line in rows.get(baseline, []) if 'knn' in line}
    rows = {name: found for name, lines in rows.items()
            if (found := [line for line in lines
                          if 'knn' in line and line['seed'] in ends])}
    if not rows:
        return ''
    goal = mean(top1 for _, _, top1 in ends.values())
    _draw(rows, goal, stem.with_name(f'{stem.name}_cost.png'))
    return '\n'.join([
        f'What the kNN accuracy costs with which "{baseline}" ends, '
        f'{goal:.1f} %:', '', HEAD,
        *(_line(name, found, ends) for name, found in rows.items()), ''])


def _curve(line: dict) -> Curve:
    """Scores of a result; the seconds include targets and their PCA."""
    more = line.get('target_seconds', 0)
    return [(step, seconds + more, top1)
            for step, seconds, top1 in line['knn']]


def _line(name: str, found: list[dict], ends: dict[int, tuple]) -> str:
    """One row: means over the seeds that reach the baseline."""
    reached = []
    for line in found:
        _, whole, goal = ends[line['seed']]
        point = next((p for p in _curve(line) if p[2] >= goal), None)
        if point:
            steps, seconds, _ = point
            reached.append((steps, steps * line['batch_size'], seconds,
                            100 * seconds / whole))
    cells = [name, f'{len(reached)} of {len(found)} seeds',
             *(f'{mean(values):.0f}' for values in zip(*reached))]
    return '| ' + ' | '.join(cells + [''] * (6 - len(cells))) + ' |'


def _draw(rows: dict[str, list[dict]], goal: float, file: Path) -> None:
    figure, axes = plt.subplots(figsize=(7, 4.5), dpi=120,
                                layout='constrained')
    colors = colormaps['turbo']
    for index, (name, found) in enumerate(rows.items()):
        _, seconds, top1 = zip(*_curve(found[0]))
        axes.plot(seconds, top1, '.-', label=name,
                  color=colors((index + 0.5) / len(rows)))
    axes.axhline(goal, color='gray', linestyle='--', linewidth=0.8)
    axes.set(xlabel='seconds, targets included', ylabel='kNN, top-1 %')
    axes.legend(fontsize=8)
    figure.savefig(file)
    plt.close(figure)
