"""What a run pays for another one's accuracy (paper, Fig. 4c)."""
from __future__ import annotations

from pathlib import Path
from statistics import mean

from matplotlib import colormaps
from matplotlib.figure import Figure

from ..markdown import table
from ..training.logs import KNNCurve

HEAD = ['row', 'reached by', 'steps', 'images', 'seconds, targets included',
        "% of the baseline's"]


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
        f'{goal:.1f} %:', '', table(HEAD, (
            _cells(name, found, ends) for name, found in rows.items())), ''])


def _curve(line: dict) -> KNNCurve:
    """Scores of a result; the seconds include targets and their PCA."""
    more = line.get('target_seconds', 0)
    return [(step, seconds + more, top1)
            for step, seconds, top1 in line['knn']]


def _cells(name: str, found: list[dict],
           ends: dict[int, tuple]) -> list[str]:
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
    return cells + [''] * (len(HEAD) - len(cells))


def _draw(rows: dict[str, list[dict]], goal: float, file: Path) -> None:
    figure = Figure(figsize=(7, 4.5), dpi=120, layout='constrained')
    axes = figure.subplots()
    colors = colormaps['turbo']
    for index, (name, found) in enumerate(rows.items()):
        _, seconds, top1 = zip(*_curve(found[0]))
        axes.plot(seconds, top1, '.-', label=name,
                  color=colors((index + 0.5) / len(rows)))
    axes.axhline(goal, color='gray', linestyle='--', linewidth=0.8)
    axes.set(xlabel='seconds, targets included', ylabel='kNN, top-1 %')
    axes.legend(fontsize=8)
    figure.savefig(file)
