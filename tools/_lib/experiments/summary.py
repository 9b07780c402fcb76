"""A table's results over seeds, as Markdown, as JSON and as a picture."""
from __future__ import annotations

import json
from pathlib import Path
from statistics import mean, stdev

from matplotlib import colormaps
from mmengine.config import Config

from mmrela.files.atomic import write_atomically

from ..markdown import table as markdown_table
from .compute import images, is_plain, over_time, passes
from .cost import MEASURES, costs, goals
from .picture import Entry, draw
from .run import PROBE, Run

HEAD = ['row', 'learning rate', 'steps', 'hand-over at', 'images, k',
        'training, s', 'targets, s']
SCORES = {PROBE: 'linear probe, %', 'accuracy_top1': 'accuracy, %'}
LEGEND = """\
Linear probe: mean ± standard deviation over seeds. Images: those that went \
forward and backward through the backbone, in thousands; one that went \
forward alone, as through a momentum network, counts a third; equal images \
are equal compute. Seconds: means over seeds; training without evaluation."""


def by_row(runs: list[Run],
           results: dict[str, dict]) -> dict[str, list[dict]]:
    """Results of each row, with the ``passes`` of their configs.

    Args:
        runs: All seeds of the rows.
        results: Of finished runs, by their keys.
    """
    rows: dict[str, list[dict]] = {run.row: [] for run in runs}
    for run in runs:
        if run.key in results:
            rows[run.row].append(
                dict(results[run.key], passes=passes(run.cfg)))
    return rows


def write_summary(table: Config, size: str, rows: dict[str, list[dict]],
                  stem: Path) -> str:
    """Write ``STEM.{md,json,png}``; return the Markdown.

    Args:
        table: See :func:`markdown` and :func:`draw_rows`.
        size: Of the runs.
        rows: See :func:`by_row`.
        stem: Where to, without the ending.
    """
    text = (f'# {table.title}, {size}\n\n{markdown(table, size, rows)}\n'
            f'{LEGEND}\n')
    write_atomically(Path(f'{stem}.md'), text.encode())
    report = dict(title=table.title, size=size,
                  **_outcome(rows, table.get('score', PROBE)))
    write_atomically(Path(f'{stem}.json'),
                     json.dumps(report, indent=1).encode())
    draw_rows(table, rows, Path(f'{stem}.png'))
    return text


def markdown(table: Config, size: str, rows: dict[str, list[dict]]) -> str:
    """Rows with a result, the names of the others, and notes.

    Args:
        table: Has ``notes`` for each size. With a ``baseline``, the name of
            a row, cost to its accuracy is added.
        size: Of the runs.
        rows: See :func:`by_row`.
    """
    machines = {machine(line) for found in rows.values() for line in found
                if line['steps']}
    missing = [name for name, found in rows.items() if not found]
    score = table.get('score', PROBE)
    return '\n'.join([
        markdown_table([*HEAD, SCORES[score], 'seeds'], (
            _cells(*row, score) for row in rows.items() if row[1])), '',
        *[f'Not run: {"; ".join(missing)}.', ''] * bool(missing),
        f'{table.sizes[size].get("notes", "")} Run on: '
        f'{"; ".join(sorted(machines)) or "nothing yet"}.', '',
        costs(rows, table.get('baseline', ''))])


def _outcome(rows: dict[str, list[dict]], score: str) -> dict:
    """Results of the trained networks, and the untrained ones' accuracy."""
    lines = [line for found in rows.values() for line in found]
    untrained = [line[score] for line in lines if not line['steps']]
    return dict(runs=[line for line in lines if line['steps']],
                untrained_top1=mean(untrained) if untrained else None)


def _cells(name: str, found: list[dict], score: str) -> list:
    """One row of the Markdown table."""
    first, steps = found[0], found[0]['steps']
    switches = sorted({f'{line["switch_step"] or "never"}' for line in found})
    targets = [line['target_seconds'] for line in found
               if 'target_seconds' in line]
    return [name, _rates(first) if steps else '', steps,
            '' if is_plain(first) else ', '.join(switches),
            f'{mean(images(line, steps) for line in found):.1f}'
            if steps and first['passes'] else '',
            f'{mean(line["train_seconds"] for line in found):.0f}',
            f'{mean(targets):.0f}' if targets else '',
            accuracy([line[score] for line in found]), len(found)]


def _rates(line: dict) -> str:
    """The learning rate, or RELA's and then the host's."""
    own = f'{line["learning_rate"]:g}'
    rela = line['options'].get('default_hooks.rela.lr')
    return f'{rela:g}, then {own}' if rela else own


def accuracy(values: list[float]) -> str:
    """``mean ± standard deviation``, of one value the value."""
    spread = f' ± {stdev(values):.1f}' if len(values) > 1 else ''
    return f'{mean(values):.1f}{spread}'


def machine(line: dict) -> str:
    """Where a result was computed."""
    threads = line['threads']
    return f'{line["device"]}, {threads} thread' + 's' * (threads > 1)


def draw_rows(table: Config, rows: dict[str, list[dict]],
              file: Path) -> None:
    """Draw the rows with a result; curves are those of their first seed.

    Args:
        table: ``color`` is a row's, ``baseline`` the row with the goal.
        rows: See :func:`by_row`.
        file: Where to; nothing is written without results.
    """
    colors = {row.name: row.color for row in table.rows if 'color' in row}
    found = {name: lines for name, lines in rows.items() if lines}
    score = table.get('score', PROBE)
    entries = []
    for index, (name, lines) in enumerate(found.items()):
        values = [line[score] for line in lines]
        color = colormaps['turbo']((index + 0.5) / len(found))
        entries.append(Entry(
            name, colors.get(name, color), mean(values),
            stdev(values) if len(values) > 1 else 0,
            {measure: over_time(lines[0], measure) for measure in MEASURES
             if measure in lines[0]},
            None if is_plain(lines[0]) else lines[0]['switch_step']))
    if entries:
        draw(entries, goals(found, table.get('baseline', '')), SCORES[score],
             file)
