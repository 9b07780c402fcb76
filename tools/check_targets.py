"""Check a target store; exit with 0 if it is sound, with 1 if not."""
from __future__ import annotations

import argparse

from _lib.cli import add_cfg_options, add_config, run, tool_parser


def parse_args() -> argparse.Namespace:
    parser = tool_parser(
        __doc__,
        'data/targets/cifar10 --deep',
        'data/targets/cifar10 --config configs/byol_rela_r18_cifar10.py')
    parser.add_argument('directory', help='the store')
    add_config(parser, '--config',
               help='check that it fits this training config too')
    add_cfg_options(parser)
    parser.add_argument(
        '--deep', action='store_true', help='read all targets')
    return parser.parse_args()


def main() -> int:
    args = parse_args()
    from _lib.targets.soundness import check
    from mmrela.targets import TargetStoreError
    try:
        print(check(args))
    except TargetStoreError as e:
        print(e)
        return 1
    return 0


if __name__ == '__main__':
    run(main)
