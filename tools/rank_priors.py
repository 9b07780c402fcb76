"""Rank prior models on a config's images, before any training."""
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
        'configs/byol_rela_r18_cifar10.py --priors random\n'
        'torchvision:mobilenet_v2,size=64',
        'configs/byol_rela_r50_folder.py --samples 2000 --out ranking\n'
        '--priors timm:vit_small_patch14_dinov2.lvd142m,size=224 random')
    add_config(parser)
    add_cfg_options(parser)
    parser.add_argument(
        '--priors', nargs='+', required=True, metavar='P',
        help=f'{SPELLING}, see --list-priors')
    add_list_priors(parser)
    parser.add_argument(
        '--samples', type=positive, default=5000, metavar='N',
        help='images to look at, evenly spaced (default: 5000)')
    parser.add_argument(
        '--zero-one', action='store_true',
        help='distances by the 0/1 loss of linear probes, too (needs labels)')
    parser.add_argument(
        '--checkpoints', nargs='+', type=Path, default=[], metavar='FILE',
        help="of this config's runs: Theorem 3's terms (needs labels)")
    parser.add_argument(
        '--out', type=Path, metavar='DIR',
        help='write ranking.md, ranking.json and ranking.png there')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    if len(set(args.priors)) < len(args.priors):
        raise ToolError('--priors names one twice')
    from _lib.config import load_config
    from _lib.targets.ranking import rank
    from _lib.targets.ranking_report import markdown, write_report
    found = rank(load_config(args, rela=True), args.priors, args.samples,
                 args.zero_one, args.checkpoints)
    print(markdown(found))
    if args.out:
        write_report(found, args.out)


if __name__ == '__main__':
    run(main)
