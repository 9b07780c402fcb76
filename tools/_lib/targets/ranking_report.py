"""A ranking of priors as Markdown, in words, and as a picture."""
from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use('Agg')
import matplotlib.pyplot as plt  # noqa: E402

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


def order(rows: list[dict]) -> tuple[list[dict], str]:
    """Rows from the best to the worst, and the key that decided."""
    labelled = rows[0]['linear_score'] is not None
    rule = 'linear_score' if labelled else 'effective_rank'
    return sorted(rows, key=lambda row: -row[rule]), rule


def markdown(rows: list[dict], rule: str, images: int, dim: int) -> str:
    """Table and reason."""
    titles = ['rank', *(title for title, _ in COLUMNS.values())]
    lines = [titles, ['---'] * len(titles)]
    for rank, row in enumerate(rows, 1):
        lines.append([str(rank), *(
            '' if row[key] is None else form.format(row[key])
            for key, (_, form) in COLUMNS.items())])
    table = '\n'.join(f'| {" | ".join(line)} |' for line in lines)
    return (f'{table}\n\n{reason(rows, rule)}\n\n{RULES[rule]} '
            f'{images} images; variance kept is that of {dim} components.\n')


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


def heat_map(names: list[str], distances: list[list[float]],
             file: Path) -> None:
    """Distances between priors (paper, figure 4a).

    Args:
        names: Of the priors.
        distances: From the source (first index) to the target (second).
        file: Where to.
    """
    side = 2 + 0.9 * len(names)
    figure, axes = plt.subplots(figsize=(side + 3, side), dpi=120,
                                layout='constrained')
    columns = list(zip(*distances))  # sources on the x-axis, as in the paper
    picture = axes.imshow(columns, cmap='viridis_r', vmin=0, vmax=1)
    ticks = range(len(names))
    axes.set_xticks(ticks, [f'({i})' for i in ticks])
    axes.set_yticks(ticks, [f'{_wrap(name)} ({i})'
                            for i, name in enumerate(names)], fontsize=8)
    axes.set(xlabel='source', ylabel='target')
    figure.suptitle('Representation distance')
    for y in ticks:
        for x in ticks:
            axes.text(x, y, f'{columns[y][x]:.2f}', ha='center', va='center',
                      color='white' if columns[y][x] > 0.5 else 'black')
    figure.colorbar(picture, label='unexplained variance')
    figure.savefig(file, bbox_inches='tight')
    plt.close(figure)


def _wrap(name: str, width: int = 36) -> str:
    parts = [part if len(part) <= width else f'…{part[1 - width:]}'
             for part in name.split(',')]
    return ',\n'.join(parts)
