"""Draw what runs logged: losses, λ, kNN, learning rate and speed.

Several starts of a run are joined; several runs are drawn over each other.
Beside the picture comes a page of one file, for any browser: curves, probe,
nearest neighbours before and after, the targets' spectrum, cost.
"""
from __future__ import annotations

import argparse
from pathlib import Path

from _lib.cli import run, tool_parser


def parse_args() -> argparse.Namespace:
    parser = tool_parser(
        __doc__,
        'work_dirs/byol_rela_r18_cifar10',
        'work_dirs/with work_dirs/without --out both.png')
    parser.add_argument('work_dirs', nargs='+', type=Path, metavar='WORK_DIR',
                        help='of tools/train.py')
    parser.add_argument('--out', type=Path, metavar='FILE.png',
                        help='and FILE.html (default: curves.png in the first '
                        'WORK_DIR)')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    from _lib.gallery.page import write_page
    from _lib.training.curves import draw, load
    logs = {str(place): load(place) for place in args.work_dirs}
    file = args.out or args.work_dirs[0] / 'curves.png'
    draw(logs, file)
    page = file.with_suffix('.html')
    write_page(logs, page)
    print(f'{file}, {page}: {len(logs)} runs')


if __name__ == '__main__':
    run(main)
