"""Run a prior model once over a config's images and store its targets."""
from __future__ import annotations

import argparse
from pathlib import Path

from _lib.cli import (
    SPELLING,
    add_cfg_options,
    add_config,
    add_launcher,
    add_list_priors,
    positive,
    run,
    tool_parser,
)


def parse_args() -> argparse.Namespace:
    parser = tool_parser(
        __doc__,
        'configs/byol_rela_r18_cifar10.py --prior random',
        'configs/byol_rela_r50_in1k.py --dry-run\n'
        '--prior torchvision:mobilenet_v2')
    add_config(parser)
    add_cfg_options(parser)
    add = parser.add_argument
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        '--prior', action='append', metavar='P', help=f'{SPELLING}, see '
        '--list-priors; given again: features of several, joined, or, with as '
        'many --out, a store of each, in one pass')
    what.add_argument(
        '--write-ids', type=Path, metavar='FILE',
        help='only write the ids of the images to FILE, one a line')
    add_list_priors(parser)
    add('--weights', action='append', metavar='FILE|none',
        help="the prior's weights (default: its library's); of several "
        'priors, once for each in their order')
    add('--image-size', action='append', type=int, metavar='S',
        help='side of the square that the prior sees (default: its own); '
        'of several, as --weights')
    add('--amp', choices=['bf16', 'fp16'],
        help='let the prior compute in half precision where it may')
    add('--dim', type=positive, metavar='K',
        help='components (default: model.rela_head.out_channels, 512 of a '
        'plain config)')
    add('--normalize', choices=['center', 'standardize', 'whiten'],
        help='scaling of the components (default: whiten with --prior '
        'random, center otherwise)')
    add('--dtype', choices=['float16', 'float32'], default='float16',
        help='of the targets (default: float16)')
    add('--views', type=positive, metavar='V',
        help='targets of so many weak crops of each image, which training '
        'shows in turn, at V times the cost (default: 1, of the whole image)')
    add('--out', action='append', metavar='DIR',
        help='default: train_dataloader.dataset.targets, of a plain config '
        'data/targets/CONFIG; given again: one for each prior')
    add('--features', action='append', metavar='DIR',
        help='where features go, and come from if they are there already '
        '(default: OUT/features); once for each --out')
    add('--on-bad-image', choices=['stop', 'skip'], default='stop',
        help='stop at an unreadable image, or leave it out (default: stop)')
    add('--verify', type=positive, metavar='M',
        help='only recompute M random targets of a finished store')
    add('--dry-run', action='store_true',
        help='only tell sizes, time and disk, measured on a few batches')
    add_launcher(parser)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    from _lib.config import load_config
    from _lib.targets.generation import carry_out
    from mmrela import processes
    processes.start(args.launcher)
    said = carry_out(load_config(args, rela=True), args)
    if processes.rank_and_size()[0] == 0:
        print(said)


if __name__ == '__main__':
    run(main)
