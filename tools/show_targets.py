"""Look at targets: what they hold to be similar, and how they vary."""
from __future__ import annotations

import argparse
from pathlib import Path

from _lib.cli import add_cfg_options, add_config, run, tool_parser


def parse_args() -> argparse.Namespace:
    parser = tool_parser(
        __doc__,
        'configs/byol_rela_r18_cifar10.py --stores data/targets/cifar10',
        'configs/byol_rela_r18_cifar10.py --images 0 7 42\n'
        '--stores data/targets/a data/targets/b --out both.png')
    add_config(parser)
    add_cfg_options(parser)
    parser.add_argument(
        '--stores', nargs='+', required=True, metavar='DIR',
        help="target stores of the config's images")
    parser.add_argument(
        '--images', type=int, nargs='+', metavar='I',
        help='whose neighbours to show (default: 6, evenly spaced)')
    parser.add_argument('--out', type=Path, default='targets.png',
                        metavar='FILE',
                        help='the picture (default: %(default)s)')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    from _lib.config import load_config
    from _lib.targets.neighbours import (
        NEIGHBOURS,
        choose,
        of_store,
        open_stores,
        picture,
    )
    from mmrela.config.images import build_dataset
    cfg = load_config(args, rela=True)
    dataset = build_dataset(cfg)
    stores = open_stores(args.stores, dataset)
    chosen = choose(args.images, len(dataset.dataset))
    picture(dataset.dataset, [*map(of_store, stores)], chosen, args.out)
    print(f'{args.out}: {len(chosen)} images and their {NEIGHBOURS} nearest '
          f'neighbours under {len(stores)} stores')


if __name__ == '__main__':
    run(main)
