"""What mmengine logged of a run."""
from __future__ import annotations

import json
from pathlib import Path

KNNCurve = list[tuple[int, float, float]]  # steps, seconds, top-1 in %


def read_log(work_dir: Path) -> list[dict]:
    """Logged scalars in the order of their steps.

    Each start of a run leaves a log of its own; where two overlap, the
    later start is what the run went on with.
    """
    rows: list[dict] = []
    for file in sorted(Path(work_dir).glob('*/vis_data/scalars.json')):
        new = [json.loads(line) for line in file.read_text().splitlines()]
        if new:
            first = new[0]['step']
            rows = [row for row in rows if row['step'] < first] + new
    return rows


def curve(rows: list[dict], key: str) -> tuple[tuple, tuple]:
    """Steps and values of one scalar; empty where it was not logged."""
    pairs = [(row['step'], row[key]) for row in rows if key in row]
    return tuple(zip(*pairs)) if pairs else ((), ())


def knn_curve(log: list[dict], train_seconds: float) -> KNNCurve:
    """Steps, seconds of training and kNN top-1 in per cent.

    Args:
        log: See :func:`read_log`.
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


def hand_over(work_dir: Path, rows: list[dict]) -> int | None:
    """The step at which λ fell: of an unfinished run, the first logged."""
    file = Path(work_dir) / 'train.json'
    if file.exists():
        return json.loads(file.read_text())['switch_step']
    steps, values = curve(rows, 'lambda')
    fell = 1 in values and 0 in values
    return steps[values.index(0)] if fell else None
