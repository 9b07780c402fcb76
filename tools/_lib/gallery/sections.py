"""The parts of the page, each from the runs; what lacks says why."""
from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence

from mmrela.errors import UserError
from mmrela.generation.dry_run import span
from mmrela.targets import TargetStore

from ..training.curves import PANELS
from ..training.logs import curve
from .chart import Line, chart
from .parts import COLORS, legend, note, table, tile
from .run import Finished

FORMS = {'o-': 'marked', ':': 'dotted', 'lambda': 'stairs'}


def alone(runs: Sequence[Finished]) -> Finished:
    """The only one.

    Raises:
        UserError: there are several.
    """
    if len(runs) > 1:
        raise UserError('This is of one run: draw it alone to see it.')
    return runs[0]


def overview(runs: Sequence[Finished]) -> str:
    """The numbers that one looks for first, of a single run."""
    if len(runs) > 1:
        return ''
    [run] = runs
    scores = curve(run.log, 'knn_top1')[1]
    tiles = [(f'{scores[0]:.1f} → {scores[-1]:.1f} %', 'kNN, first to last')
             ] if scores else []
    tiles += [(f'{top1:.1f} %', f'linear probe, {name}')
              for name, top1 in probes(run)[-1:]]
    tiles += [
        (f'step {run.switch:,}' if run.switch else 'none', 'hand-over'),
        (f'{run.steps:,}', 'steps' if run.summary else
         'steps logged: the training did not end'),
        (span(sum(run.seconds.values())), 'in all')]
    return f'<div class="tiles">{"".join(tile(*each) for each in tiles)}</div>'


def curves(runs: Sequence[Finished]) -> str:
    """A chart for each scalar that any run logged."""
    single = len(runs) == 1
    marks = [(run.switch, i % COLORS) for i, run in enumerate(runs)
             if run.switch is not None]
    stage = (0, runs[0].rela_steps) if single and runs[0].has_rela else None
    whole = 0, max(row['step'] for run in runs for row in run.log)
    panels = ''.join(
        chart(title, lines, marks=marks, stage=stage, span=whole)
        for title, lines in _panels(runs) if any(line.x for line in lines))
    names = [('shade', "RELA's stage")] * bool(stage) if single else [
        (f'c{i % COLORS}', run.name) for i, run in enumerate(runs)]
    names += [('dash c0', 'hand-over')] * bool(marks)
    lacking = '' if any('knn_top1' in row for run in runs for row in run.log
                        ) else note('No kNN scores: OnlineKNNHook was not '
                                    'among the hooks.')
    return f'{legend(names)}<div class="grid">{panels}</div>{lacking}'


def _panels(runs: Sequence[Finished]
            ) -> Iterator[tuple[str, list[Line]]]:
    for title, styles in PANELS.items():
        lines = []
        for i, run in enumerate(runs):
            for key, form in styles.items():
                points = [pair for pair in zip(*curve(run.log, key))
                          if math.isfinite(pair[1])]
                x, y = zip(*points) if points else ((), ())
                lines.append(Line(
                    key if len(runs) == 1 else f'{run.name}: {key}',
                    x, y, i % COLORS,
                    FORMS.get(key if key == 'lambda' else form, '')))
        yield title, lines


def probes(run: Finished) -> list[tuple[str, float]]:
    """Networks and top-1 of linear probes whose results lie with the run."""
    found = []
    for file in sorted(run.work_dir.glob('*.json')):
        try:
            content = json.loads(file.read_text())
        except ValueError:  # somebody's own
            continue
        for row in content if isinstance(content, list) else [content]:
            if isinstance(row, dict) and 'linear_top1' in row:
                name = row.get('model', file.stem).rpartition('/')[2]
                found.append((name, row['linear_top1']))
    return found


def probe(runs: Sequence[Finished]) -> str:
    """Linear probes, a row each.

    Raises:
        UserError: there are none.
    """
    rows = [(run.work_dir / name, f'{top1:.2f}') for run in runs
            for name, top1 in probes(run)]
    if not rows:
        raise UserError(
            'No linear probe lies there: tools/evaluate.py CONFIG --all '
            f'{runs[0].work_dir} --out {runs[0].work_dir} leaves one.')
    return table(['network', 'top-1, %'], rows)


def spectrum(runs: Sequence[Finished]) -> str:
    """How much of the prior's variance the targets keep.

    Raises:
        UserError: there is no such store any more.
    """
    run = alone(runs)
    if not run.has_rela:
        raise UserError('The run had no targets.')
    store = TargetStore.open(run.store)
    pca = store.pca
    kept = (100 * pca.variances.cumsum(0) / pca.total).tolist()
    half, most = (next((i for i, share in enumerate(kept, 1)
                        if share >= wanted), None) for wanted in (50, 90))
    tiles = [(f'{kept[store.dim - 1]:.1f} %',
              f'of the variance in {store.dim} components')]
    tiles += [(str(half), 'components hold 50\xa0%')] * bool(half)
    tiles += [(str(most), 'components hold 90\xa0%')] * bool(most)
    axis = range(1, len(kept) + 1)
    each = (100 * pca.variances / pca.total).clip(1e-6).tolist()
    return (f'<p>{store.manifest.prior.get("name", "")}, '
            f'{len(store):,} images</p><div class="grid">'
            + chart('variance of each component, %',
                    [Line('%', axis, each)], 'component', log='xy')
            + chart('variance kept, %', [Line('%', axis, kept)],
                    'components', log='x')
            + '<div class="tiles">' + ''.join(tile(*t) for t in tiles)
            + '</div></div>')
