"""Copy a folder of pictures, shrunk to a short side, for faster loading.

Names stay what they are, so one target store serves both folders. Pictures
that are small enough, of formats that Pillow cannot write back, damaged
ones and all other files are copied as they are. Killed, the same command
goes on.
"""
from __future__ import annotations

import argparse
from pathlib import Path

from _lib.cli import positive, run, tool_parser


def parse_args() -> argparse.Namespace:
    parser = tool_parser(
        __doc__,
        'data/imagenet/train data/imagenet256/train',
        '/my/images /my/small_images --short-side 160 --workers 4')
    add = parser.add_argument
    add('source', type=Path, metavar='SRC',
        help='a folder of pictures, at any depth')
    add('target', type=Path, metavar='DST', help='a folder of its own')
    add('--short-side', type=positive, default=256, metavar='S',
        help='pixels (default: %(default)s)')
    add('--workers', type=positive, metavar='N',
        help='processes (default: one for each core)')
    add('--lmdb', action='store_true',
        help='pack the copy into DST.lmdb, too, and list it in DST.txt')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    from _lib.shrinking.folder import prepare
    print(prepare(args.source, args.target, args.short_side, args.workers))
    if args.lmdb:
        from _lib.shrinking.packed import pack
        print(pack(args.target))


if __name__ == '__main__':
    run(main)
