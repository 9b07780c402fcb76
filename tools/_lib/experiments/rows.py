"""Settings of one row of a table."""
from __future__ import annotations

from copy import deepcopy

from mmengine.config import Config

from ..cli import ToolError

SCHEDULE = 'default_hooks.rela.schedule'


def read_config(file: str) -> Config:
    """A row's config.

    Raises:
        ToolError: there is no such file.
    """
    try:
        return Config.fromfile(file, import_custom_modules=False)
    except FileNotFoundError as e:
        raise ToolError(f'no config at {file}, which a row names') from e


def resolve(row: dict, table: Config, size: str,
          cfg: Config) -> tuple[dict, Config]:
    """Options and resolved config of a row, before the seed."""
    settings, own = table.sizes[size], row.get('overrides', {})
    options = {**settings.overrides,
               **_lambda(table.priors[row.prior] is None,
                         {} if f'{SCHEDULE}.type' in own else settings),
               **own, **row.get('at', {}).get(size, {})}
    cfg = deepcopy(cfg)
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
