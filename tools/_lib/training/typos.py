"""Entries of a config that nothing reads, since their names are misspelt."""
from __future__ import annotations

import inspect
import os
import sys

from mmengine.config import Config
from mmengine.runner import Runner

from mmrela.spelling import nearest

# What mmengine reads at the top level, beside the Runner's own arguments.
READ = {*inspect.signature(Runner).parameters, 'auto_scale_lr', 'compile',
        'custom_imports', 'find_unused_parameters', 'model_wrapper_cfg',
        'runner_type', 'strategy', 'sync_bn'} - {'cfg'}
LIKENESS = 0.8  # what configs keep for themselves is less like any of them

RANKS = 'RANK', 'SLURM_PROCID', 'OMPI_COMM_WORLD_RANK'  # set by launchers


def misspelt_entries(cfg: Config) -> dict[str, str]:
    """Top-level entries that are nearly, but not quite, known.

    mmengine reads what it knows and passes over the rest, where configs
    keep what their own lines use, new-style ones also what they import.

    Returns:
        Name -> the known one that is nearest.
    """
    found = {key: nearest(key, READ, LIKENESS) for key in cfg}
    return {key: near for key, near in found.items()
            if near and key not in READ and not callable(cfg[key])}


def warn(cfg: Config) -> None:
    """Tell them on stderr, a line each; ranks leave it to the first."""
    if any(os.environ.get(rank, '0') != '0' for rank in RANKS):
        return
    for key, near in misspelt_entries(cfg).items():
        print(f'warning: {cfg.filename} has an entry {key}, which nothing '
              f'reads: is {near} meant?', file=sys.stderr)
