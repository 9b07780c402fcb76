"""The runs that a table of ``configs/experiments`` asks for."""
from __future__ import annotations

from copy import deepcopy
from pathlib import Path

from mmengine.config import Config, ConfigDict

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
         only: list[str] | None = None, row: str | None = None) -> list[Run]:
    """All runs of a table, seed by seed.

    Args:
        table: See :func:`load_table`.
        size: One of the table's sizes.
        root: Where work directories go.
        only: Keep rows whose name contains one of these.
        row: Name of the only row to plan.

    Raises:
        ToolError: the table has no such size or row, or a row's config is
            missing.
    """
    if size not in table.sizes:
        near = meant(size, table.sizes)
        raise ToolError(f'--size {size}{near}: {table.filename} has '
                        + ', '.join(table.sizes))
    rows = [each for each in table.rows if size in each.get('sizes', [size])
            and row in (None, each.name)]
    if not rows:
        raise ToolError(f'--size {size}: {table.filename} has no such rows'
                        + f' as {row!r}' * bool(row))
    files = {file: read_config(file)
             for file in dict.fromkeys(each.config for each in rows)}
    loaded = {each.name: resolve(each, table, size, files[each.config])
              for each in rows}
    sources = _elsewhere(table, {each.prior for each in rows}, size, root)
    runs: dict[tuple, Run] = {}
    for seed in table.sizes[size].seeds:
        for each in rows:
            if seed not in each.get('seeds', [seed]):
                continue
            runs[each.name, seed] = _run(
                each, table, size, seed, root, loaded[each.name],
                runs | sources)
    return _chosen([*runs.values()], only) if only else [*runs.values()]


def _elsewhere(table: Config, priors: set[str], size: str,
               root: Path) -> dict[tuple, Run]:
    """Runs of other tables whose networks are priors, by table and row.

    Of the same size, and of its first seed.
    """
    found = {}
    for name in sorted(priors):
        prior = table.priors[name]
        if prior and 'table' in prior:
            found[prior.table, prior.of] = plan(
                load_table(prior.table), size, root, row=prior.of)[0]
    return found


def _chosen(runs: list[Run], only: list[str]) -> list[Run]:
    found = [run for run in runs if any(text in run.row for text in only)]
    if not found:
        known = dict.fromkeys(run.row for run in runs)
        words = [word for row in known for word in row.split()]
        near = meant(' '.join(only), [*known, *words])
        raise ToolError(f'--only {" ".join(only)}: no row has that in its '
                        f'name{near}; --list shows them')
    return found


def _run(row: ConfigDict, table: Config, size: str, seed: int, root: Path,
         loaded: tuple[dict, Config], runs: dict[tuple, Run]) -> Run:
    options, cfg = dict(loaded[0]), deepcopy(loaded[1])
    prior, source = table.priors[row.prior], None
    if prior is not None:
        prior = {**prior, **row.get('generation', {})}
        if 'of' in prior:
            other = prior.pop('table', None)
            source = runs[(other, prior['of']) if other else
                          (prior['of'], table.sizes[size].seeds[0])]
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
