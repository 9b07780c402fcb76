"""Scores as a table, a JSON file and a curve."""
from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from matplotlib.figure import Figure

from mmrela.files.atomic import write_atomically

from ..figures import save
from ..markdown import table

# key of a row -> title of its column, and the style of its curve
COLUMNS = dict(
    linear_top1=('linear, top-1 %', 'C0o-'),
    linear_top5=('linear, top-5 %', 'C0o:'),
    knn_top1=('kNN, top-1 %', 'C1o-'),
    knn_top5=('kNN, top-5 %', 'C1o:'),
    recall_at_1=('recall@1 %', 'C2o-'),
    map_at_200=('mAP@200 %', 'C2o:'))


def markdown(rows: list[dict]) -> str:
    """A row for each network, its scores, and of how many images."""
    first = rows[0]
    head = ['network', *(title for title, _ in COLUMNS.values()),
            *(title for title, _ in columns(first))]
    cells = [[row['model'], *(f'{row[key]:.2f}' for key in COLUMNS),
              *(cell for _, cell in columns(row))] for row in rows]
    images = (f'{first["train_images"]} images to learn from, '
              f'{first["test_images"]} to test on')
    return (f'{table(head, cells)}\n\n'
            f'{"; ".join(filter(None, (images, first["warning"])))}.')


def columns(row: dict) -> Iterator[tuple[str, str]]:
    """Titles and cells of a table, for a row of ``evaluate``."""
    for few in row.get('few_labels', ()):
        amount = few['labels']
        of = (f'{100 * amount:g} % of labels' if amount < 1 else
              f'{amount:g} labels a class')
        for name in 'ridge', 'kNN':
            score, deviation = few[f'{name.lower()}_top1']
            yield f'{of}: {name}', f'{score:.2f} ± {deviation:.2f}'


def write_report(rows: list[dict], steps: list[int], folder: Path) -> None:
    """Write ``evaluation.{json,md}``, and a ``.png`` of several networks.

    Args:
        rows: See :func:`mmrela.evaluation.scores.evaluate`.
        steps: Epochs or steps after which they are of one run, if they are.
        folder: Where to.
    """
    write_atomically(folder / 'evaluation.json',
                     json.dumps(rows, indent=1).encode())
    write_atomically(folder / 'evaluation.md',
                     f'{markdown(rows)}\n'.encode())
    if len(steps) > 1:
        draw(rows, steps, folder / 'evaluation.png')


def draw(rows: list[dict], steps: list[int], file: Path) -> None:
    """Curves of the scores over a run."""
    figure = Figure(figsize=(6, 4), dpi=120, layout='constrained')
    axes = figure.subplots()
    for key, (title, style) in COLUMNS.items():
        axes.plot(steps, [row[key] for row in rows], style, label=title)
    axes.set(xlabel=Path(rows[0]['model']).stem.rpartition('_')[0])
    axes.legend(fontsize=8)
    axes.grid(alpha=0.3)
    save(figure, file)
