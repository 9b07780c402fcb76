"""The runs that a table of ``configs/experiments`` asks for."""
from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config

from ..cli import ToolError
from . import find_table
from .settings import images_key, read_config, resolve, settings_key

TARGETS = Path('data/targets')


@dataclass(frozen=True)
class Run:
    """One row of a table with one seed.

    Attributes:
        config: File that the tools get.
        options: Their ``--cfg-options``.
        generation: Arguments of ``gen_targets.py``; ``None`` for the host.
        store: Where its targets lie.
        cfg: The config with the options merged.
        key: Hash of all that decides the result.
        source: The run whose backbone is the prior, if one is.
    """
    table: str
    size: str
    row: str
    prior: str
    seed: int
    config: str
    options: dict
    generation: dict | None
    store: Path
    probe_epochs: int
    cfg: Config
    key: str
    work_dir: Path
    source: Run | None = None

    @property
    def epochs(self) -> int:
        """Of the training; 0 for a network that is probed untrained."""
        return self.cfg.train_cfg.max_epochs

    @property
    def checkpoint(self) -> Path:
        """What the training ends with."""
        return self.work_dir / f'epoch_{self.epochs}.pth'

    def is_trained(self) -> bool:
        """Whether its checkpoint is there."""
        return (self.work_dir / 'train.json').exists()

    def is_current(self) -> bool:
        """Whether the config's files still say what they said."""
        cfg = read_config(self.config)
        cfg.merge_from_dict(self.options)
        key = settings_key(cfg, self.generation, self.probe_epochs)
        return key == self.key

    @property
    def prior_arguments(self) -> list[str]:
        """``gen_targets.py``'s for the prior.

        A run whose backbone is the prior must be trained.
        """
        arguments = dict(self.generation)
        if self.source:  # `of`, its key, becomes its checkpoint
            del arguments['of']
            config = next(self.source.work_dir.glob('*.py'))
            file = self.source.checkpoint
            arguments['prior'] = f'checkpoint:{config},{file}'
        return [text for key, value in arguments.items()
                for text in (f'--{key.replace("_", "-")}', str(value))]

    @property
    def cfg_options(self) -> list[str]:
        pairs = (f'{key}={value}' for key, value in self.options.items())
        return ['--cfg-options', *pairs]


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
        ToolError: the table has no such size, or a row's config is missing.
    """
    if size not in table.sizes:
        raise ToolError(f'--size {size}: {table.filename} has '
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
            runs[row.name, seed] = _run(
                row, table, size, seed, root, loaded[row.name], runs)
    return [run for run in runs.values()
            if not only or any(text in run.row for text in only)]


def _run(row: dict, table: Config, size: str, seed: int, root: Path,
         loaded: tuple[dict, Config], runs: dict[tuple, Run]) -> Run:
    options, cfg = dict(loaded[0]), deepcopy(loaded[1])
    prior, source, store = table.priors[row.prior], None, TARGETS / 'none'
    if prior is not None:
        prior = {**prior, **row.get('generation', {})}
        if 'of' in prior:
            source = runs[prior['of'], table.sizes[size].seeds[0]]
            prior['of'] = source.key
        store = TARGETS / f'{row.prior}_{images_key(cfg, prior)}'
    options.update({'randomness.seed': seed,
                    'train_dataloader.dataset.targets': str(store)})
    cfg.merge_from_dict(options)
    epochs = table.sizes[size].probe_epochs
    key = settings_key(cfg, prior, epochs)
    name = f'{cfg.model.host.lower()}_{row.prior}_{seed}_{key}'
    return Run(Path(table.filename).stem, size, row.name, row.prior, seed,
               row.config, options, prior, store, epochs, cfg, key,
               root / name, source)
