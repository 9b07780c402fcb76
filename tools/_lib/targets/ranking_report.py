"""A ranking of priors as Markdown, in words, and as a picture."""
from __future__ import annotations

import json
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmrela.files.atomic import write_atomically

from ..figures import save
from ..markdown import table
from .theorem3 import markdown as theorem3

# key of a row -> title of its column, and how its values are written
COLUMNS = dict(
    prior=('prior', '{}'),
    linear_score=('linear score, %', '{:.1f}'),
    distance=('D_Rep to the others', '{:.3f}'),
    effective_rank=('effective rank', '{:.1f}'),
    variance_kept=('variance kept', '{:.1%}'),
    width=('features', '{}'),
    images_per_second=('img/s', '{:.0f}'))
RULES = dict(
    linear_score='Ranked by the linear score: held-out accuracy of a ridge '
    'regression from the features onto the labels of these images.',
    effective_rank='No labels: ranked by the effective rank of the features. '
    'This is a heuristic: the paper wants targets that are informative of '
    'their samples (definition 5), and features of low rank tell few of '
    'them apart. It tells trained priors from untrained ones, hardly more: '
    'noise has a high rank, too.')


LOSSES = dict(distances='unexplained variance',
              zero_one='share of other classes')


def order(rows: list[dict]) -> tuple[list[dict], str]:
    """Rows from the best to the worst, and the key that decided."""
    labelled = rows[0]['linear_score'] is not None
    rule = 'linear_score' if labelled else 'effective_rank'
    return sorted(rows, key=lambda row: -row[rule]), rule


def write_report(found: dict, folder: Path) -> None:
    """Write ``ranking.{json,md,png}``; ``found``: see ``ranking.rank``."""
    write_atomically(folder / 'ranking.json',
                     json.dumps(found, indent=1).encode())
    write_atomically(folder / 'ranking.md', markdown(found).encode())
    heat_maps(found['priors'], {
        title: found[key] for key, title in LOSSES.items() if key in found},
        folder / 'ranking.png')


def markdown(found: dict) -> str:
    """Table and reason."""
    rows, rule = found['rows'], found['rule']
    cells = [[rank, *('' if row[key] is None else form.format(row[key])
                      for key, (_, form) in COLUMNS.items())]
             for rank, row in enumerate(rows, 1)]
    head = ['rank', *(title for title, _ in COLUMNS.values())]
    return (f'{table(head, cells)}\n\n{reason(rows, rule)}\n\n{RULES[rule]} '
            f'{found["images"]} images; variance kept is that of '
            f'{found["dim"]} components.\n'
            + (f'\n{theorem3(found["theorem3"])}' if 'theorem3' in found
               else ''))


def reason(rows: list[dict], rule: str) -> str:
    """Why the first row is the first, in a sentence."""
    best = rows[0]
    if rule == 'linear_score':
        text = (f'a linear classifier of its features is right for '
                f'{best[rule]:.1f} % of held-out images')
        other = 'for {:.1f} %'
    else:
        text = (f'its {best["width"]} features vary along '
                f'{best[rule]:.1f} axes in effect')
        other = 'along {:.1f}'
    if len(rows) > 1:
        second = other.format(rows[1][rule])
        text += f', those of {rows[1]["prior"]} {second}'
    return f'**{best["prior"]}** comes first: {text}.'


def heat_maps(names: list[str], distances: dict[str, list[list[float]]],
              file: Path) -> None:
    """Distances between priors (paper, figure 4a), a panel for each loss.

    Args:
        names: Of the priors.
        distances: By the loss, from the source (first index) to the target
            (second).
        file: Where to.
    """
    side = 2 + 0.9 * len(names)
    figure = Figure(figsize=(side * len(distances) + 3, side), dpi=120,
                    layout='constrained')
    panels = figure.subplots(1, len(distances), squeeze=False)[0]
    for axes, (loss, matrix) in zip(panels, distances.items()):
        _panel(axes, loss, [*zip(*matrix)])
    ticks = range(len(names))
    panels[0].set_yticks(ticks, [f'{_wrap(name)} ({i})'
                                 for i, name in enumerate(names)], fontsize=8)
    panels[0].set_ylabel('target')
    figure.suptitle('Representation distance')
    save(figure, file, bbox_inches='tight')


def _panel(axes: Axes, loss: str, columns: list[tuple[float, ...]]) -> None:
    """One matrix, its sources on the x-axis as in the paper."""
    picture = axes.imshow(columns, cmap='viridis_r', vmin=0, vmax=1)
    ticks = range(len(columns))
    axes.set_xticks(ticks, [f'({i})' for i in ticks])
    axes.set_yticks(ticks, [f'({i})' for i in ticks])
    axes.set(xlabel='source')
    for y in ticks:
        for x in ticks:
            axes.text(x, y, f'{columns[y][x]:.2f}', ha='center', va='center',
                      color='white' if columns[y][x] > 0.5 else 'black')
    axes.figure.colorbar(picture, label=loss)


def _wrap(name: str, width: int = 36) -> str:
    parts = [part if len(part) <= width else f'…{part[1 - width:]}'
             for part in name.split(',')]
    return ',\n'.join(parts)
