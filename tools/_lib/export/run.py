"""From the arguments of ``export_backbone.py`` to the file."""
from __future__ import annotations

import argparse
from pathlib import Path

from mmengine.logging import MMLogger

from mmrela.errors import UserError

from . import hub, libraries, onnx, own
from .recipe import carry_out
from .source import Source

RECIPES = dict(torchvision=libraries.torchvision, timm=libraries.timm,
               mmpretrain=own.mmpretrain, safetensors=own.safetensors)
ENDINGS = dict(safetensors='.safetensors', onnx='.onnx')


def export(args: argparse.Namespace) -> str:
    """Carry it out; what to tell.

    Raises:
        UserError: of the checkpoint, or since the library has no such
            network.
    """
    MMLogger.get_current_instance().setLevel('WARNING')
    source = Source(args.checkpoint, args.config, args.image_size)
    out = Path(args.out or default(args.checkpoint, args.to))
    if str(args.out).endswith('/'):
        if args.to != 'timm':
            raise UserError(f'--out {args.out} is a folder, which --to timm '
                            'alone writes')
        return hub.carry_out(source, out)
    if args.to == 'onnx':
        return onnx.carry_out(source, out)
    return carry_out(source, RECIPES[args.to](source), out)


def default(checkpoint: Path, to: str) -> Path:
    """Beside the checkpoint, such as ``epoch_100_timm.pth``."""
    return checkpoint.with_name(
        f'{checkpoint.stem}_{to}{ENDINGS.get(to, ".pth")}')
