"""Check a target store; exit with 0 if it is sound, with 1 if not."""
from __future__ import annotations

import argparse

from _cli import run
from mmrela.targets import TargetStore, TargetStoreError


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('directory', help='the store')
    parser.add_argument(
        '--config', help='check that it fits this training config too')
    parser.add_argument(
        '--deep', action='store_true', help='read all targets')
    return parser.parse_args()


def check(directory: str, config: str | None, deep: bool) -> str:
    """Describe a sound store in one sentence.

    Raises:
        TargetStoreError: the store is not sound.
    """
    store = TargetStore.open(directory)
    if deep:
        store.verify()
    if config:
        from _config import load_config
        from gen_targets import build_dataset, head_width
        cfg = load_config(argparse.Namespace(config=config, cfg_options=None))
        cfg.train_dataloader.dataset.targets = directory
        build_dataset(cfg).check_targets(head_width(cfg))
    return (f'{directory} is sound: {len(store)} targets of {store.dim} '
            f'components from {store.meta["prior"].get("name")}')


def main() -> int:
    args = parse_args()
    try:
        print(check(args.directory, args.config, args.deep))
    except TargetStoreError as e:
        print(e)
        return 1
    return 0


if __name__ == '__main__':
    run(main)
