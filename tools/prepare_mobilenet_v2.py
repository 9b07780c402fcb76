"""Fetch MobileNet-V2's ImageNet weights (torchvision, IMAGENET1K_V1).

They were trained with ImageNet labels: say so next to any result.
"""
from __future__ import annotations

import argparse
from pathlib import Path

from _lib.cli import run, tool_parser


def parse_args() -> argparse.Namespace:
    parser = tool_parser(
        __doc__,
        '',
        '--out /my/weights/mobilenet_v2.pth')
    parser.add_argument(
        '--out', type=Path, help='the file to write (default: %(default)s)',
        default=Path('data/weights/mobilenet_v2-b0353104.pth'))
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    from _lib.fetch.mobilenet_v2 import prepare
    print(prepare(args.out))


if __name__ == '__main__':
    run(main)
