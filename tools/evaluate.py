"""Score frozen features: linear probe, kNN, retrieval, few labels.

The features of each network are computed once, by one process or by several
(torchrun … tools/evaluate.py … --launcher pytorch). The linear classifier is
linear_probe.py's, the kNN that of OnlineKNNHook (k = 200, T = 0.1). Recall@1
and mAP@200 tell how well test images find training images of their class.
"""
from __future__ import annotations

import argparse
from pathlib import Path

from _lib.cli import (
    ToolError,
    add_cfg_options,
    add_config,
    add_launcher,
    positive,
    run,
    tool_parser,
)


def amount(text: str) -> float:
    """A share of labels, or a whole number of them."""
    value = float(text)
    if not (0 < value < 1 or value >= 1 and value.is_integer()):
        raise argparse.ArgumentTypeError(
            'must be a share below 1, or a whole number of images')
    return value


def parse_args() -> argparse.Namespace:
    parser = tool_parser(
        __doc__,
        'configs/byol_rela_r18_cifar10.py\n'
        '--all work_dirs/byol_rela_r18_cifar10 --out scores',
        'configs/byol_rela_r50_folder.py --prior torchvision:resnet50\n'
        '--data /my/labelled/images')
    add_config(parser)
    add_cfg_options(parser)
    add = parser.add_argument
    add('checkpoints', nargs='*', type=Path, metavar='CHECKPOINT',
        help='of this config')
    add('--all', type=Path, metavar='WORK_DIR',
        help='all checkpoints of a run, epoch_N.pth or iter_N.pth')
    add('--prior', metavar='P', help='a prior model instead')
    add('--weights', metavar='FILE|none', help='of the prior')
    add('--data', type=Path, metavar='FOLDER',
        help='images in FOLDER/train/CLASS and FOLDER/val/CLASS (default: '
        "those of the config's `probe`)")
    add('--image-size', type=positive, metavar='S',
        help='side of the square to which images are resized and cropped '
        '(default, of checkpoints: `probe.image_size`)')
    add('--epochs', type=positive, default=100,
        help='of the linear classifier (default: 100)')
    add('--seed', type=int, default=0,
        help='of the linear classifier (default: 0)')
    add('--labels', nargs='+', type=amount, default=[], metavar='AMOUNT',
        help='scores by few labels, too: a share of each class (0.01) or a '
        'number of its images (10), mean and deviation of five draws')
    add('--out', type=Path, metavar='DIR',
        help='write evaluation.md, .json and, of a run, .png there')
    add_launcher(parser)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    if sum(map(bool, (args.checkpoints, args.all, args.prior))) != 1:
        raise ToolError('name either checkpoints, or --all WORK_DIR, or a '
                        '--prior')
    from _lib.config import load_config
    from _lib.evaluation.run import carry_out
    from mmrela import processes
    processes.start(args.launcher)
    said = carry_out(load_config(args), args)
    if processes.rank_and_size()[0] == 0:
        print(said)


if __name__ == '__main__':
    run(main)
