"""Draw two classes under random crops of several strengths (t-SNE)."""
from __future__ import annotations

import argparse
from pathlib import Path

from _lib.cli import (
    SPELLING,
    ToolError,
    add_cfg_options,
    add_config,
    add_list_priors,
    positive,
    run,
    tool_parser,
)


def parse_args() -> argparse.Namespace:
    parser = tool_parser(
        __doc__,
        'configs/byol_rela_r18_cifar10.py',
        'configs/byol_rela_r18_cifar10.py --classes 3 5 --samples 300\n'
        '--prior torchvision:mobilenet_v2,size=64 --out cats_and_dogs')
    add_config(parser)
    add_cfg_options(parser)
    parser.add_argument('--classes', type=int, nargs=2, default=(0, 1),
                        metavar=('A', 'B'),
                        help='numbers of two classes (default: 0 1)')
    parser.add_argument('--samples', type=positive, default=500, metavar='N',
                        help='images of each class (default: 500)')
    parser.add_argument('--prior', metavar='P',
                        help=f'compare its features, {SPELLING}; default: '
                        'compare pixels')
    add_list_priors(parser)
    parser.add_argument('--out', type=Path, default=Path('views'),
                        metavar='STEM',
                        help='STEM.png and STEM.json are written (default: '
                        '%(default)s)')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    if args.classes[0] == args.classes[1]:
        raise ToolError('--classes names one twice')
    from _lib.config import load_config
    from _lib.views.overlap import study
    from _lib.views.report import markdown, write
    found = study(load_config(args, rela=True), tuple(args.classes),
                  args.samples, args.prior)
    write(found, args.out)
    print(markdown(found))


if __name__ == '__main__':
    run(main)
