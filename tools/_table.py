"""The runs that a table of ``configs/experiments`` asks for."""
from __future__ import annotations

import hashlib
import json
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config

from _cli import ToolError

FOLDER = Path('configs/experiments')
TARGETS = Path('data/targets')
SCHEDULE = 'default_hooks.rela.schedule'
# What a result depends on, and what in there it does not.
DECIDES = ('model', 'data_preprocessor', 'train_dataloader', 'optim_wrapper',
           'train_cfg', 'param_scheduler', 'custom_hooks', 'probe',
           'randomness')
PLACES = ('data_root', 'targets', 'num_workers', 'persistent_workers',
          'pin_memory', 'prefetch_factor')


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
    def checkpoint(self) -> Path:
        """What the training ends with."""
        return self.work_dir / f'epoch_{self.cfg.train_cfg.max_epochs}.pth'

    def is_current(self) -> bool:
        """Whether the config's files still say what they said."""
        cfg = Config.fromfile(self.config, import_custom_modules=False)
        cfg.merge_from_dict(self.options)
        key = settings_key(cfg, self.generation, self.probe_epochs)
        return key == self.key

    @property
    def cfg_options(self) -> list[str]:
        return ['--cfg-options',
                *(f'{key}={value}' for key, value in self.options.items())]


def load_table(name: str) -> Config:
    """Read a table by its name, or by its path if that ends in ``.py``."""
    file = Path(name) if name.endswith('.py') else FOLDER / f'{name}.py'
    if not file.is_file():
        raise ToolError(f'no table at {file}: {FOLDER} holds '
                        + ', '.join(f.stem for f in FOLDER.glob('*.py')))
    return Config.fromfile(file)


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
    loaded = {row.name: _load(row, table, size) for row in rows}
    runs: dict[tuple, Run] = {}
    for seed in table.sizes[size].seeds:
        for row in rows:
            runs[row.name, seed] = _run(
                row, table, size, seed, root, loaded[row.name], runs)
    return [run for (name, _), run in runs.items()
            if not only or any(text in name for text in only)]


def _load(row: dict, table: Config, size: str) -> tuple[dict, Config]:
    """Options and resolved config of a row, before the seed."""
    settings, own = table.sizes[size], row.get('overrides', {})
    options = {**settings.overrides,
               **_lambda(table.priors[row.prior] is None,
                         {} if f'{SCHEDULE}.type' in own else settings),
               **own, **row.get('at', {}).get(size, {})}
    try:
        cfg = Config.fromfile(row.config, import_custom_modules=False)
    except FileNotFoundError as e:
        raise ToolError(f'row {row.name!r} of {table.filename}: {e}') from e
    cfg.merge_from_dict(options)
    return options, cfg


def _lambda(is_host: bool, settings: dict) -> dict:
    """The rule for λ: none of RELA, or Algorithm 1 made faster.

    Algorithm 1's constants suit thousands of steps. Its two averages are
    made faster by one factor, so that a shorter run spends a like share of
    its steps on RELA.
    """
    if is_host:
        return {f'{SCHEDULE}.type': 'FixedLambda', f'{SCHEDULE}.fraction': 0}
    factor = settings.get('lambda_factor', 1)
    if factor == 1:
        return {}
    return {f'{SCHEDULE}.fast_momentum': round(1 - 0.001 * factor, 6),
            f'{SCHEDULE}.slow_momentum': round(1 - 0.01 * factor, 6)}


def _run(row: dict, table: Config, size: str, seed: int, root: Path,
         loaded: tuple[dict, Config], runs: dict[tuple, Run]) -> Run:
    options, cfg = dict(loaded[0]), deepcopy(loaded[1])
    prior, source, store = table.priors[row.prior], None, TARGETS / 'none'
    if prior is not None:
        prior = {**prior, **row.get('generation', {})}
        if 'of' in prior:
            source = runs[prior['of'], table.sizes[size].seeds[0]]
            prior['of'] = source.key
        store = TARGETS / f'{row.prior}_{_images_key(cfg, prior)}'
    options.update({'randomness.seed': seed,
                    'train_dataloader.dataset.targets': str(store)})
    cfg.merge_from_dict(options)
    epochs = table.sizes[size].probe_epochs
    key = settings_key(cfg, prior, epochs)
    name = f'{cfg.model.host.lower()}_{row.prior}_{seed}_{key}'
    return Run(Path(table.filename).stem, size, row.name, row.prior, seed,
               row.config, options, prior, store, epochs, cfg, key,
               root / name, source)


def settings_key(cfg: Config, prior: dict | None, probe_epochs: int) -> str:
    """Hash of all that decides a result."""
    decides = {name: cfg.get(name) for name in DECIDES}
    return _hash(decides, cfg.default_hooks.rela, prior, probe_epochs)


def _images_key(cfg: Config, prior: dict) -> str:
    """Of a target store: the prior, and the images that it looks at."""
    images = {key: value for key, value in cfg.train_dataloader.dataset.items()
              if key not in ('pipeline', 'rela_pipeline')}
    backbone = prior.get('prior') == 'random' and cfg.model.backbone
    width = cfg.model.rela_head.out_channels
    return _hash(images, cfg.data_preprocessor, backbone, width, prior)


def _hash(*settings: object) -> str:
    text = json.dumps([_content(part) for part in settings], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=5).hexdigest()


def _content(part: object) -> object:
    if isinstance(part, dict):
        return {key: _content(value) for key, value in part.items()
                if key not in PLACES}
    if isinstance(part, (list, tuple)):
        return [_content(value) for value in part]
    return part
