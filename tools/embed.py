"""Write the features of a config's training images to files.

X.npy holds a row for each image, X.ids.txt its path (what `--prior file:X.npy`
reads), X.labels.txt its class if it has one, and X.png shows a few images with
their nearest neighbours, X.map.png up to 5,000 images as points on a plane
(t-SNE if scikit-learn is installed). Other images: --cfg-options
train_dataloader.dataset.data_root=FOLDER.
"""
from __future__ import annotations

import argparse
from pathlib import Path

from _lib.cli import (
    SPELLING,
    ToolError,
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
        'configs/byol_rela_r18_cifar10.py\n'
        'work_dirs/byol_rela_r18_cifar10/epoch_100.pth --out features.npy',
        'configs/byol_rela_r50_folder.py\n'
        '--prior torchvision:mobilenet_v2\n'
        '--cfg-options train_dataloader.dataset.data_root=/my/images')
    add_config(parser)
    add_cfg_options(parser)
    add = parser.add_argument
    add('checkpoint', nargs='?', help='a checkpoint of this config')
    add('--prior', metavar='P', help=f'a prior instead: {SPELLING}, see '
        '--list-priors')
    add_list_priors(parser)
    add('--weights', metavar='FILE|none', help='of the prior')
    add('--image-size', type=positive, metavar='S',
        help='side of the square to which images are resized and cropped')
    add('--on-bad-image', choices=['stop', 'skip'], default='stop',
        help='stop at an unreadable image, or leave it out (default: stop)')
    add('--out', type=Path, metavar='X.npy', default='features.npy',
        help='default: features.npy')
    add_launcher(parser)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    if (args.checkpoint is None) == (args.prior is None):
        raise ToolError('name either a checkpoint or a --prior')
    from _lib.config import load_config
    from _lib.targets.embedding import embed
    from mmrela import processes
    from mmrela.priors.either import either
    processes.start(args.launcher)
    cfg = load_config(args, rela=True)
    prior = either(cfg, args.checkpoint, args.prior, args.weights,
                   args.image_size)
    said = embed(cfg, prior, args.out, args.on_bad_image == 'skip')
    if processes.rank_and_size()[0] == 0:
        print(said)


if __name__ == '__main__':
    run(main)
