"""What mmengine logged of a run."""
from __future__ import annotations

import json
from pathlib import Path


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
