"""Distil a labelled data set: a few images of each class, and targets.

CONFIG names the images; a prior looks at all of them once. OUT/train/CLASS
are the chosen images, OUT/targets what the prior makes of them, for RELA, and
OUT/soft_labels its logits, if it is a classifier.
"""
from __future__ import annotations

import argparse

from _lib.cli import (
    SPELLING,
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
        'configs/resnet18_rela_cifar10.py --prior torchvision:mobilenet_v2\n'
        '--ipc 10 --out data/distilled/cifar10',
        'configs/resnet18_rela_cifar10.py --ipc 1 --select ranked\n'
        '--prior checkpoint:teacher.py,teacher.pth --out data/distilled/one')
    add_config(parser)
    add_cfg_options(parser)
    add = parser.add_argument
    add('--prior', metavar='P', required=True,
        help=f'{SPELLING}, see --list-priors')
    add_list_priors(parser)
    add('--weights', metavar='FILE|none',
        help="the prior's weights (default: its library's)")
    add('--image-size', type=positive, metavar='S',
        help='side of the square that the prior sees (default: its own)')
    add('--ipc', type=positive, default=10, metavar='N',
        help='images of each class (default: 10)')
    add('--select', choices=['random', 'ranked', 'crops'], default='random',
        help='take images as they come (default), those of 300 a class that '
        'the prior ranks first, or so the best of five crops of each')
    add('--seed', type=int, default=0, help='of what is drawn')
    add('--dim', type=positive, metavar='K',
        help='components (default: model.rela_head.out_channels)')
    add('--normalize', choices=['center', 'standardize', 'whiten'],
        help='scaling of the components (default: whiten with --prior '
        'random, center otherwise)')
    add('--out', metavar='DIR', required=True, help='a folder of its own')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    from _lib.config import load_config
    from _lib.targets.distilling import carry_out
    print(carry_out(load_config(args, rela=True), args))


if __name__ == '__main__':
    run(main)
