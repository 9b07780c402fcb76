"""A table's results over seeds, as Markdown, as JSON and as a picture."""
from __future__ import annotations

import json
from pathlib import Path
from statistics import mean, stdev

from matplotlib import colormaps
from mmengine.config import Config

from ..markdown import table as markdown_table
from ..training.logs import read_log
from .cost import write_cost
from .picture import Entry, draw
from .table import Run

HEAD = ['row', 'learning rate', 'steps', 'hand-over at', 'training, s',
        'targets, s', 'linear probe, %', 'seeds']


def write_summary(table: Config, size: str, runs: list[Run],
                  results: dict[str, dict], stem: Path) -> str:
    """Write ``STEM.{md,json,png}``; return the Markdown.

    Args:
        table: Which has a ``title``, and ``notes`` for each size. With a
            ``baseline``, the name of a row, cost to accuracy is added;
            ``loss`` is the title of the losses' panel, ``color`` a row's.
        size: The size of the runs.
        runs: All seeds of the rows to show.
        results: Of finished runs, by their keys.
        stem: Where to, without the ending.
    """
    rows: dict[str, list[dict]] = {}
    for run in runs:
        found = results.get(run.key)
        rows.setdefault(run.row, []).extend([found] if found else [])
    stem.parent.mkdir(parents=True, exist_ok=True)
    text = _markdown(table, size, rows)
    if 'baseline' in table:
        text += '\n' + write_cost(rows, table.baseline, stem)
    Path(f'{stem}.md').write_text(text)
    report = dict(title=table.title, size=size, **_outcome(rows))
    Path(f'{stem}.json').write_text(json.dumps(report, indent=1))
    colors = {row.name: row.color for row in table.rows if 'color' in row}
    entries = _entries(rows, runs, colors)
    if entries:
        draw(entries, Path(f'{stem}.png'), table.get('loss', 'loss'))
    return text


def _markdown(table: Config, size: str, rows: dict[str, list[dict]]) -> str:
    machines = {machine(line) for found in rows.values() for line in found
                if line['steps']}
    return '\n'.join([
        f'# {table.title}, {size}', '',
        markdown_table(HEAD, (_cells(*row) for row in rows.items())), '',
        table.sizes[size].get('notes', ''), '', 'Linear probe: mean ± '
        'standard deviation over seeds. Seconds: means over seeds; training '
        'without evaluation. Run on: '
        f'{"; ".join(sorted(machines)) or "nothing yet"}.', ''])


def _outcome(rows: dict[str, list[dict]]) -> dict:
    """Results of the trained networks, and the untrained ones' accuracy."""
    lines = [line for found in rows.values() for line in found]
    untrained = [line['linear_top1'] for line in lines if not line['steps']]
    return dict(runs=[line for line in lines if line['steps']],
                untrained_top1=mean(untrained) if untrained else None)


def _cells(name: str, found: list[dict]) -> list:
    """One row of the Markdown table; empty cells before its first run."""
    if not found:
        return [name] + [''] * (len(HEAD) - 1)
    switches = sorted({f'{line["switch_step"] or "–"}' for line in found})
    targets = [line['target_seconds'] for line in found
               if 'target_seconds' in line]
    steps = found[0]['steps']
    return [name, f'{found[0]["learning_rate"]:g}' if steps else '', steps,
            '' if found[0]['prior'] == 'none' else ', '.join(switches),
            f'{mean(line["train_seconds"] for line in found):.0f}',
            f'{mean(targets):.0f}' if targets else '',
            accuracy([line['linear_top1'] for line in found]), len(found)]


def accuracy(values: list[float]) -> str:
    """``mean ± standard deviation``, of one value the value."""
    spread = f' ± {stdev(values):.1f}' if len(values) > 1 else ''
    return f'{mean(values):.1f}{spread}'


def machine(line: dict) -> str:
    """Where a result was computed."""
    threads = line['threads']
    return f'{line["device"]}, {threads} thread' + 's' * (threads > 1)


def _entries(rows: dict[str, list[dict]], runs: list[Run],
             colors: dict[str, str]) -> list[Entry]:
    """Bars of the rows with a result; curves of their first seed here."""
    names = [name for name, found in rows.items() if found]
    entries = []
    for index, name in enumerate(names):
        values = [line['linear_top1'] for line in rows[name]]
        keys = {line['key'] for line in rows[name]}
        logs = [read_log(run.work_dir) for run in runs
                if run.row == name and run.key in keys]
        color = colormaps['turbo']((index + 0.5) / len(names))
        entries.append(Entry(
            name, colors.get(name, color), mean(values),
            stdev(values) if len(values) > 1 else 0,
            next(filter(None, logs), [])))
    return entries
