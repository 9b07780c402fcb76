"""Check a target store; exit with 0 if it is sound, with 1 if not."""
from __future__ import annotations

import argparse

from _lib.cli import run
from _lib.config import add_cfg_options, load_config
from _lib.images import build_dataset
from gen_targets import head_width
from mmrela.targets import TargetStore, TargetStoreError


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('directory', help='the store')
    parser.add_argument(
        '--config', help='check that it fits this training config too')
    add_cfg_options(parser)
    parser.add_argument(
        '--deep', action='store_true', help='read all targets')
    return parser.parse_args()


def check(args: argparse.Namespace) -> str:
    """Describe a sound store in one sentence.

    Raises:
        TargetStoreError: the store is not sound.
    """
    store = TargetStore.open(args.directory)
    if args.deep:
        store.verify()
    if args.config:
        cfg = load_config(args)
        cfg.train_dataloader.dataset.targets = args.directory
        build_dataset(cfg).check_targets(head_width(cfg))
    return (f'{args.directory} is sound: {len(store)} targets of {store.dim} '
            f'components from {store.manifest.prior.get("name")}')


def main() -> int:
    args = parse_args()
    try:
        print(check(args))
    except TargetStoreError as e:
        print(e)
        return 1
    return 0


if __name__ == '__main__':
    run(main)
