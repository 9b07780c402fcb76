"""A table's results over seeds, as Markdown and a picture."""
from __future__ import annotations

from pathlib import Path
from statistics import mean, stdev

from matplotlib import colormaps
from mmengine.config import Config

from ..training.logs import read_log
from .cost import write_cost
from .picture import Entry, draw
from .table import Run

HEAD = ('| row | learning rate | steps | hand-over at | training, s '
        '| targets, s | linear probe, % | seeds |\n' + '|---' * 8 + '|')


def write_summary(table: Config, size: str, runs: list[Run],
                  results: dict[str, dict], root: Path) -> str:
    """Write ``TABLE_SIZE.{md,png}``; return the Markdown.

    Args:
        table: Which has a ``title``, and ``notes`` for each size. With a
            ``baseline``, the name of a row, cost to accuracy is added.
        size: The size of the runs.
        runs: All seeds of the rows to show.
        results: Of finished runs, by their keys.
        root: Where to.
    """
    rows: dict[str, list[dict]] = {}
    for run in runs:
        found = results.get(run.key)
        rows.setdefault(run.row, []).extend([found] if found else [])
    lines = [HEAD, *(_line(name, found) for name, found in rows.items())]
    machines = {machine(line) for found in rows.values() for line in found
                if line['steps']}
    text = '\n'.join([
        f'# {table.title}, {size}', '', *lines, '',
        table.sizes[size].get('notes', ''), '', 'Linear probe: mean ± '
        'standard deviation over seeds. Seconds: means over seeds; training '
        'without evaluation. Run on: '
        f'{"; ".join(sorted(machines)) or "nothing yet"}.', ''])
    root.mkdir(parents=True, exist_ok=True)
    stem = root / f'{Path(table.filename).stem}_{size}'
    if 'baseline' in table:
        text += '\n' + write_cost(rows, table.baseline, stem)
    stem.with_suffix('.md').write_text(text)
    entries = _entries(rows, runs)
    if entries:
        draw(entries, stem.with_suffix('.png'))
    return text


def _line(name: str, found: list[dict]) -> str:
    """One row of the Markdown table; empty cells before its first run."""
    if not found:
        return f'| {name} |' + ' |' * 7
    switches = sorted({f'{line["switch_step"] or "–"}' for line in found})
    targets = [line['target_seconds'] for line in found
               if 'target_seconds' in line]
    steps = found[0]['steps']
    cells = [name, f'{found[0]["learning_rate"]:g}' if steps else '', steps,
             '' if found[0]['prior'] == 'none' else ', '.join(switches),
             f'{mean(line["train_seconds"] for line in found):.0f}',
             f'{mean(targets):.0f}' if targets else '',
             accuracy([line['linear_top1'] for line in found]), len(found)]
    return '| ' + ' | '.join(map(str, cells)) + ' |'


def accuracy(values: list[float]) -> str:
    """``mean ± standard deviation``, of one value the value."""
    spread = f' ± {stdev(values):.1f}' if len(values) > 1 else ''
    return f'{mean(values):.1f}{spread}'


def machine(line: dict) -> str:
    """Where a result was computed."""
    threads = line['threads']
    return f'{line["device"]}, {threads} thread' + 's' * (threads > 1)


def _entries(rows: dict[str, list[dict]], runs: list[Run]) -> list[Entry]:
    """Bars of the rows with a result; curves of their first seed here."""
    names = [name for name, found in rows.items() if found]
    colors = colormaps['turbo']
    entries = []
    for index, name in enumerate(names):
        values = [line['linear_top1'] for line in rows[name]]
        keys = {line['key'] for line in rows[name]}
        logs = [read_log(run.work_dir) for run in runs
                if run.row == name and run.key in keys]
        entries.append(Entry(
            name, colors((index + 0.5) / len(names)), mean(values),
            stdev(values) if len(values) > 1 else 0,
            next(filter(None, logs), [])))
    return entries
