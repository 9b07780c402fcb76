"""The runs that a table of ``configs/experiments`` asks for."""
from __future__ import annotations

from copy import deepcopy
from pathlib import Path

from mmengine.config import Config

from mmrela.spelling import meant

from ..cli import ToolError
from . import find_table
from .run import PROBE, Run
from .settings import (
    KEEP_ALL,
    distilled_key,
    distilled_places,
    images_key,
    probed_epochs,
    read_config,
    resolve,
    settings_key,
)

TARGETS, DISTILLED = Path('data/targets'), Path('data/distilled')


def load_table(name: str) -> Config:
    """Read a table, see :func:`find_table`."""
    file = find_table(name)
    table = Config.fromfile(file)
    if not {'rows', 'sizes'} <= set(table):
        raise ToolError(f'{file} is no table: it has no rows or no sizes')
    return table


def plan(table: Config, size: str, root: Path,
         only: list[str] | None = None) -> list[Run]:
    """All runs of a table, seed by seed.

    Args:
        table: See :func:`load_table`.
        size: One of the table's sizes.
        root: Where work directories go.
        only: Keep rows whose name contains one of these.

    Raises:
        ToolError: the table has no such size or row, or a row's config is
            missing.
    """
    if size not in table.sizes:
        near = meant(size, table.sizes)
        raise ToolError(f'--size {size}{near}: {table.filename} has '
                        + ', '.join(table.sizes))
    rows = [row for row in table.rows if size in row.get('sizes', [size])]
    if not rows:
        raise ToolError(f'--size {size}: {table.filename} has no such rows')
    files = {file: read_config(file)
             for file in dict.fromkeys(row.config for row in rows)}
    loaded = {row.name: resolve(row, table, size, files[row.config])
              for row in rows}
    runs: dict[tuple, Run] = {}
    for seed in table.sizes[size].seeds:
        for row in rows:
            if seed not in row.get('seeds', [seed]):
                continue
            runs[row.name, seed] = _run(
                row, table, size, seed, root, loaded[row.name], runs)
    return _chosen([*runs.values()], only) if only else [*runs.values()]


def _chosen(runs: list[Run], only: list[str]) -> list[Run]:
    found = [run for run in runs if any(text in run.row for text in only)]
    if not found:
        known = dict.fromkeys(run.row for run in runs)
        words = [word for row in known for word in row.split()]
        near = meant(' '.join(only), [*known, *words])
        raise ToolError(f'--only {" ".join(only)}: no row has that in its '
                        f'name{near}; --list shows them')
    return found


def _run(row: dict, table: Config, size: str, seed: int, root: Path,
         loaded: tuple[dict, Config], runs: dict[tuple, Run]) -> Run:
    options, cfg = dict(loaded[0]), deepcopy(loaded[1])
    prior, source = table.priors[row.prior], None
    if prior is not None:
        prior = {**prior, **row.get('generation', {})}
        if 'of' in prior:
            source = runs[prior['of'], table.sizes[size].seeds[0]]
            prior['of'] = source.key
        if 'ipc' in prior:  # tools/distill.py's
            prior['seed'] = seed
    store, places = _places(row.prior, prior, cfg, source)
    epochs = table.sizes[size].probe_epochs
    probe_at = probed_epochs(row, table.sizes[size], cfg)
    options.update({'randomness.seed': seed, **places})
    options.update(KEEP_ALL if probe_at else {})
    cfg.merge_from_dict(options)
    key = settings_key(cfg, prior, epochs)
    name = f'{cfg.model.host.lower()}_{row.prior}_{seed}_{key}'
    return Run(Path(table.filename).stem, size, row.name, row.prior, seed,
               row.config, options, prior, store, epochs, probe_at, cfg, key,
               root / name, source, table.get('score', PROBE))


def _places(name: str, prior: dict | None, cfg: Config,
            source: Run | None) -> tuple[Path, dict]:
    """Where a run's targets, or its distilled data set, lie; its options."""
    if 'ipc' in (prior or {}):
        store = DISTILLED / f'{name}_{distilled_key(cfg, prior)}'
        return store, distilled_places(cfg, store, source.checkpoint())
    store = TARGETS / ('none' if prior is None
                       else f'{name}_{images_key(cfg, prior)}')
    return store, {'train_dataloader.dataset.targets': str(store)}
