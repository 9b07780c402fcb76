"""Whether a target store is whole, and fits a config."""
from __future__ import annotations

import argparse

from mmrela.config.images import build_dataset, head_width
from mmrela.targets import TargetStore

from ..config import load_config


def check(args: argparse.Namespace) -> str:
    """Describe a sound store in one sentence.

    Args:
        args: Of ``check_targets.py``.

    Raises:
        TargetStoreError: the store is not sound.
    """
    store = TargetStore.open(args.directory)
    if args.deep:
        store.verify()
    if args.config:
        cfg = load_config(args, rela=args.directory)
        build_dataset(cfg).check_targets(head_width(cfg))
    count = len(store) - len(store.skipped)
    return (f'{args.directory} is sound: {count} targets of {store.dim} '
            f'components from {store.manifest.prior.get("name")}')
