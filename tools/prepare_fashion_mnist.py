"""Fetch Fashion-MNIST's files, verified and unpacked, into ROOT."""
from __future__ import annotations

import argparse
from pathlib import Path

from _lib.cli import run, tool_parser


def parse_args() -> argparse.Namespace:
    parser = tool_parser(
        __doc__,
        '--root /my/data/fashion_mnist',
        '--folder downloads')
    parser.add_argument(
        '--root', type=Path, default=Path('data/fashion_mnist'),
        help='where the files go (default: %(default)s)')
    parser.add_argument('--folder', type=Path, metavar='DIR',
                        help='where the four .gz files are, fetched by hand')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    from _lib.fetch.fashion_mnist import prepare
    print(prepare(args.root, args.folder))


if __name__ == '__main__':
    run(main)
