"""How a library builds a network, as the lines that a user copies."""
from __future__ import annotations

from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

import torch
from torch import Tensor, nn

from ..errors import UserError
from ..files.atomic import replacing
from ..models.pooling import pool_features
from .source import Source

TOLERANCE = 1e-5  # of the largest feature

State = dict[str, Tensor]


def in_order(ours: State, theirs: State) -> State:
    """Weights under the names of another library, layer by layer.

    Both list their layers in the order of computation; only position
    embeddings stand elsewhere.

    Raises:
        ValueError: the layers are not the same.
    """
    ours, theirs = (
        dict(sorted(state.items(), key=lambda item: 'pos_embed' not in item[0])
             ) for state in (ours, theirs))
    if len(ours) != len(theirs):
        raise ValueError(f'it has {len(theirs)} weights, ours {len(ours)}')
    for (name, own), (other, wanted) in zip(ours.items(), theirs.items()):
        if own.shape != wanted.shape:
            raise ValueError(f'its {other} is {[*wanted.shape]}, our {name} '
                             f'{[*own.shape]}')
    return dict(zip(theirs, ours.values()))


@dataclass
class Recipe:
    """A network of another library.

    Args:
        library: Its name.
        network: What it calls the network.
        lines: Python that leaves it as ``model``, without a classifier.
        load: A line more that loads ``{file}`` into it.
        names: Weights under our names and its own -> under its names.
        save: Writes them to an open file.
        call: ``model`` as it maps images to features, if not by itself.
        arguments: What ``network`` is told, if it is the model unchanged.
    """
    library: str
    network: str
    lines: list[str]
    load: str = 'model.load_state_dict(torch.load({file}, weights_only=True))'
    names: Callable[[State, State], State] = in_order
    save: Callable[[State, BinaryIO], None] = torch.save
    call: Callable[[nn.Module], Callable[[Tensor], Tensor]] = nn.Sequential
    arguments: dict | None = None

    def state(self, source: Source) -> State:
        """The source's weights under the library's names.

        Raises:
            UserError: the library has no such network.
        """
        try:
            theirs = built(self.lines).state_dict()
            return self.names(source.state, theirs)
        except (TypeError, ValueError, RuntimeError) as e:
            raise self.missing(source, e) from e

    def missing(self, source: Source, why: object) -> UserError:
        return UserError(
            f'{self.library} has no network like the {source.kind} of '
            f'{source.file}; its {self.network} is another ({why}): take '
            '--to mmpretrain, safetensors or onnx')

    def code(self, file: str) -> str:
        """All lines, with the file that the weights are in."""
        return '\n'.join([*self.lines, self.load.format(file=repr(file))])

    def difference(self, source: Source, file: str) -> float:
        """Of features, relative to the largest one, as a user gets them."""
        model = built([self.code(file)])
        model.eval()  # of mmpretrain's backbones it returns nothing
        return compare(source, self.call(model))


def compare(source: Source,
            model: Callable[[Tensor], Tensor]) -> float:
    """The largest difference of features, relative to the largest one."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(3, source.channels, source.side, source.side,
                         generator=generator)
    with torch.inference_mode():
        ours = source.features(images)
        theirs = pool_features(model(images))
    if ours.shape != theirs.shape:
        return float('inf')
    scale = ours.abs().max().clamp_min(torch.finfo(ours.dtype).tiny)
    return float((ours - theirs).abs().max() / scale)


def carry_out(source: Source, recipe: Recipe, out: Path) -> tuple[str, str]:
    """Write the weights, load them as a user would, and compare.

    Returns:
        What was done, and Python that loads it.

    Raises:
        UserError: features differ by more than :data:`TOLERANCE`; nothing
            is written then.
    """
    with replacing(out) as f:
        recipe.save(recipe.state(source), f)
        f.flush()
        off = recipe.difference(source, f.name)
        if not off <= TOLERANCE:
            raise recipe.missing(source, f'features differ by {off:.2g}')
    return (f'{out}: features by {recipe.library} differ from ours by '
            f'{off:.1e} of the largest', f'{recipe.code(str(out))}\n'
            f'model.eval()\n{source.normalization()}')


def check(source: Source, recipe: Recipe) -> None:
    """:func:`carry_out`, without a file that stays."""
    with TemporaryDirectory() as folder:
        carry_out(source, recipe, Path(folder, 'weights'))


def built(lines: list[str]) -> nn.Module:
    """``model`` after lines of ours, which hold a config's literals only."""
    scope: dict = {}
    with redirect_stdout(StringIO()):  # mmengine tells what it loads
        exec('\n'.join(lines), scope)
    return scope['model']
