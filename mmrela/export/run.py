"""What there is to export to, and each of it carried out."""
from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from ..errors import UserError
from ..spelling import meant
from . import hub, libraries, onnx, own, recipe
from .source import Source

RECIPES = dict(torchvision=libraries.torchvision, timm=libraries.timm,
               mmpretrain=own.mmpretrain, safetensors=own.safetensors)
LIBRARIES = (*RECIPES, 'onnx')


class Exported(NamedTuple):
    """A backbone as another library knows it.

    Args:
        network: What the library calls it, such as ``resnet18``.
        state: Weights under the library's names.
        code: Python that leaves it as ``model``, without a classifier; with
            these weights, if they are in a file.
    """
    network: str
    state: dict[str, Tensor]
    code: str


def export(source: Source, to: str, out: str | None = None) -> Exported:
    """Weights that the library's own constructor takes, after a comparison.

    Args:
        source: The backbone.
        to: One of :data:`LIBRARIES`.
        out: See :func:`write`; ``None`` for no file.

    Raises:
        UserError: as :func:`write`; ``onnx`` without a file.
    """
    if to == 'onnx':
        if out is None:
            raise UserError('--to onnx makes a file: name it by --out')
        return Exported(source.kind, source.state, write(source, to, out)[1])
    found = _recipe(source, to)
    state = found.state(source)
    if out is not None:
        return Exported(found.network, state, write(source, to, out)[1])
    recipe.check(source, found)
    return Exported(found.network, state, '\n'.join(found.lines))


def write(source: Source, to: str, out: str) -> tuple[str, str]:
    """Write a backbone, once its features were compared with ours.

    Args:
        source: The backbone.
        to: One of :data:`LIBRARIES`.
        out: A file, or with ``timm`` a folder, if it ends in ``/``.

    Returns:
        What was done, and Python that loads it.

    Raises:
        UserError: there is no such library, it has no such network, or it
            cannot be written.
    """
    if out.endswith('/'):
        if to != 'timm':
            raise UserError(f'--out {out} is a folder, which --to timm '
                            'alone writes')
        return hub.carry_out(source, Path(out))
    if to == 'onnx':
        return onnx.carry_out(source, Path(out))
    return recipe.carry_out(source, _recipe(source, to), Path(out))


def _recipe(source: Source, to: str) -> recipe.Recipe:
    if to not in RECIPES:
        raise UserError(f'--to {to}: no such library{meant(to, LIBRARIES)}; '
                        f'take one of {", ".join(LIBRARIES)}')
    return RECIPES[to](source)
