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
    return (f'{args.directory} is sound: {store.usable} targets of '
            f'{store.dim} components{of_views(store)} from '
            f'{store.manifest.prior.get("name")}')


def of_views(store: TargetStore) -> str:
    """How many views of each image there are, if several."""
    return f', {store.views} views of each image,' * (store.views > 1)
