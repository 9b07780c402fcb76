"""Train a linear classifier on frozen features (paper, Table 9)."""
from __future__ import annotations

import argparse
import json
from pathlib import Path

from _lib.cli import (
    ToolError,
    add_cfg_options,
    add_config,
    positive,
    run,
    tool_parser,
)


def parse_args() -> argparse.Namespace:
    parser = tool_parser(
        __doc__,
        'configs/byol_rela_r18_cifar10.py\n'
        'work_dirs/byol_rela_r18_cifar10/epoch_100.pth',
        'configs/byol_rela_r18_cifar10.py\n'
        '--prior torchvision:mobilenet_v2,size=64 --epochs 20')
    add_config(parser)
    add_cfg_options(parser)
    parser.add_argument(
        'checkpoint', nargs='?', help='a checkpoint of this config')
    parser.add_argument(
        '--prior', help='probe a prior model instead of a checkpoint')
    parser.add_argument('--weights', metavar='FILE|none', help='of the prior')
    parser.add_argument(
        '--image-size', type=positive, metavar='S',
        help='side of the square to which images are resized and cropped '
        '(default, of a checkpoint: `probe.image_size`)')
    parser.add_argument('--epochs', type=positive, default=100,
                        help='of the classifier (default: 100)')
    parser.add_argument('--seed', type=int, default=0,
                        help='of the classifier (default: 0)')
    parser.add_argument('--out', metavar='FILE.json', help='write the result')
    return parser.parse_args()


def sentence(result: dict) -> str:
    """What the probe found, for the user."""
    return '; '.join(filter(None, (
        f'linear probe of {result["model"]}: top-1 '
        f'{result["linear_top1"]:.2f} %', result['warning'])))


def main() -> None:
    args = parse_args()
    if (args.checkpoint is None) == (args.prior is None):
        raise ToolError('name either a checkpoint or a --prior')
    from _lib.config import load_config
    from mmrela.evaluation.labelled import network
    from mmrela.evaluation.probe import probe
    from mmrela.files.atomic import write_atomically
    cfg = load_config(args)
    if not cfg.get('probe'):
        raise ToolError(f'{args.config} has no `probe` entry with labelled '
                        'train and test images')
    model = network(cfg, args.checkpoint, args.prior, args.weights,
                    args.image_size)
    result = probe(cfg, model, args.epochs, args.seed)
    print(sentence(result))
    if args.out:
        write_atomically(Path(args.out), json.dumps(result).encode())


if __name__ == '__main__':
    run(main)
