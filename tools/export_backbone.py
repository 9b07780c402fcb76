"""Write a checkpoint's backbone as another library loads it.

The names are the library's own; its constructor loads the file, and its
features must equal ours (to 1e-5 of the largest) before the file is there.
What is printed at the end is Python that loads it.
"""
from __future__ import annotations

import argparse
from pathlib import Path

from _lib.cli import add_config, positive, run, tool_parser

ENDINGS = dict(safetensors='.safetensors', onnx='.onnx')
LIBRARIES = ('torchvision', 'timm', 'mmpretrain', 'safetensors', 'onnx')


def parse_args() -> argparse.Namespace:
    parser = tool_parser(
        __doc__,
        'work_dirs/byol_rela_r50_in1k/epoch_200.pth --to timm',
        'work_dirs/byol_rela_r18_cifar10/epoch_100.pth --to onnx\n'
        '--image-size 32 --out backbone.onnx')
    parser.add_argument('checkpoint', type=Path, help='of tools/train.py')
    parser.add_argument('--to', choices=LIBRARIES, required=True,
                        help='the library or format that will load it')
    add_config(parser, '--config', help='of the training (default: the one '
               'in the checkpoint, or beside it)')
    parser.add_argument('--image-size', type=positive, metavar='S',
                        help='side of the images on which features are '
                        'compared, and which an onnx file takes (default: '
                        "the backbone's own, or 224)")
    parser.add_argument('--out', metavar='FILE|FOLDER/',
                        help='default: CHECKPOINT_LIBRARY.pth; with --to timm '
                        'a name that ends in / is a folder for the Hugging '
                        "Face hub, also timm.create_model('local-dir:FOLDER')")
    return parser.parse_args()


def default(checkpoint: Path, to: str) -> Path:
    """Beside the checkpoint, such as ``epoch_100_timm.pth``."""
    return checkpoint.with_name(
        f'{checkpoint.stem}_{to}{ENDINGS.get(to, ".pth")}')


def main() -> None:
    args = parse_args()
    from _lib.config import be_quiet
    from mmrela.export.run import write
    from mmrela.export.source import Source
    be_quiet()
    source = Source(args.checkpoint, args.config, args.image_size)
    out = args.out or str(default(args.checkpoint, args.to))
    print('\n\n'.join(write(source, args.to, out)))


if __name__ == '__main__':
    run(main)
