"""What a run pays for another one's accuracy (paper, Fig. 4c)."""
from __future__ import annotations

from statistics import mean

from ..markdown import table
from .compute import images, over_time

MEASURES = dict(linear='linear probe', knn='kNN accuracy')
HEAD = ['row', 'reached by', 'steps', 'images, k',
        "% of the baseline's images", 'seconds, targets included',
        "% of the baseline's seconds"]


def costs(rows: dict[str, list[dict]], baseline: str) -> str:
    """Tables as Markdown, one for each measure that the baseline has.

    A run is compared with the baseline's of its own seed; both are left out
    until there is one. It reaches a score at the first of its own that is
    not below, so the fewer there are, the later.

    Args:
        rows: Results of each row, see :func:`~.compute.images`.
        baseline: The row whose last score is to be reached.
    """
    parts = []
    for measure, name in MEASURES.items():
        ends = {line['seed']: line for line in rows.get(baseline, [])
                if measure in line}
        if ends:
            goal = goals(rows, baseline)[measure]
            parts += [f'What the {name} costs with which "{baseline}" ends, '
                      f'{goal:.1f} %:', '',
                      table(HEAD, _cells(rows, ends, measure)), '']
    return '\n'.join(parts)


def goals(rows: dict[str, list[dict]], baseline: str) -> dict[str, float]:
    """Mean score with which the baseline ends, by measure."""
    found = {measure: [line[measure][-1][-1] for line in rows.get(baseline, [])
                       if measure in line] for measure in MEASURES}
    return {measure: mean(ends) for measure, ends in found.items() if ends}


def _cells(rows: dict[str, list[dict]], ends: dict[int, dict],
           measure: str) -> list[list[str]]:
    """Of each row with a score: means over the seeds that get there."""
    cells = []
    for name, lines in rows.items():
        pairs = [(line, ends[line['seed']]) for line in lines
                 if measure in line and line['seed'] in ends]
        reached = [cost for pair in pairs if (cost := _cost(*pair, measure))]
        if pairs:
            cells.append([name, f'{len(reached)} of {len(pairs)} seeds', *(
                f'{mean(values):.{digits}f}' for values, digits in zip(
                    zip(*reached), (0, 1, 0, 0, 0)))])
            cells[-1] += [''] * (len(HEAD) - len(cells[-1]))
    return cells


def _cost(line: dict, end: dict, measure: str) -> tuple[float, ...] | None:
    """Numbers of a row of the table; ``None`` if it never gets there."""
    last, whole, goal = over_time(end, measure)[-1]
    for step, seconds, top1 in over_time(line, measure):
        if top1 >= goal:
            passed = images(line, step)
            return (step, passed, 100 * passed / images(end, last), seconds,
                    100 * seconds / whole)
    return None
