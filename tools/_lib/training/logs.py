"""What mmengine logged of a run."""
from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

Curve = list[tuple[int, float, float]]  # steps, seconds, top-1 in %


def read_log(work_dir: Path) -> list[dict]:
    """Logged scalars in the order of their steps.

    Each start of a run leaves a log of its own; where two overlap, the
    later start is what the run went on with.
    """
    rows: list[dict] = []
    for file in sorted(Path(work_dir).glob('*/vis_data/scalars.json')):
        new = [*_rows(file)]
        if new:
            first = new[0]['step']
            rows = [row for row in rows if row['step'] < first] + new
    return rows


def _rows(file: Path) -> Iterator[dict]:
    """Lines of a log; one that a full disk has torn is passed over.

    A validation's rows have times of its own batches, and often epochs as
    their steps, so these times are left out.
    """
    for line in file.read_text(errors='replace').splitlines():
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        if 'loss' not in row:
            row.pop('time', None)
        yield row


def curve(rows: list[dict], key: str) -> tuple[tuple, tuple]:
    """Steps and values of one scalar; empty where it was not logged."""
    pairs = [(row['step'], row[key]) for row in rows if key in row]
    steps, values = zip(*pairs) if pairs else ((), ())
    return steps, values


def timed(log: list[dict], scores: Iterable[tuple[int, float]],
          train_seconds: float) -> Curve:
    """Steps, seconds of training and top-1 of some scores.

    Args:
        log: See :func:`read_log`.
        scores: Steps and top-1 in per cent.
        train_seconds: Of the whole run. The log's seconds are means over
            some steps, so they only tell how the whole is distributed.
    """
    steps, passed = [0], [0.0]
    for step, seconds in zip(*curve(log, 'time')):
        passed.append(passed[-1] + seconds * (step - steps[-1]))
        steps.append(step)
    scale = train_seconds / (passed[-1] or 1)
    return [(step, round(scale * float(np.interp(step, steps, passed)), 1),
             round(top1, 2)) for step, top1 in scores]


def hand_over(work_dir: Path, rows: list[dict]) -> int | None:
    """The step at which λ fell: of an unfinished run, the first logged."""
    file = Path(work_dir) / 'train.json'
    if file.exists():
        return json.loads(file.read_text())['switch_step']
    steps, values = curve(rows, 'lambda')
    fell = (step for step, lam in zip(steps, values) if lam < 1)
    return next(fell, None) if 1 in values else None
