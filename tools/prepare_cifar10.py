"""Fetch CIFAR-10's binary files, verified, into ROOT/cifar-10-batches-bin."""
from __future__ import annotations

import argparse
from pathlib import Path

from _lib.cli import run, tool_parser


def parse_args() -> argparse.Namespace:
    parser = tool_parser(
        __doc__,
        '--root /my/data/cifar10',
        '--archive downloads/cifar-10-binary.tar.gz')
    parser.add_argument(
        '--root', type=Path, default=Path('data/cifar10'),
        help='where cifar-10-batches-bin goes (default: %(default)s)')
    parser.add_argument('--archive', type=Path, metavar='FILE',
                        help='a cifar-10-binary.tar.gz fetched by hand')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    from _lib.fetch.cifar10 import prepare
    print(prepare(args.root, args.archive))


if __name__ == '__main__':
    run(main)
