"""Weights under mmpretrain's own names, without the rest of a run."""
from __future__ import annotations

from typing import BinaryIO

import torch
from torch import Tensor

from ..priors.own_backbone import Pooled
from .recipe import Recipe, State
from .source import Source

BUILD = 'from mmpretrain.registry import MODELS'


def mmpretrain(source: Source) -> Recipe:
    """A checkpoint of the backbone alone, as ``init_cfg`` takes it, too."""
    def save(state: State, f: BinaryIO) -> None:
        torch.save(dict(state_dict={f'backbone.{name}': value for name, value
                                    in state.items()}), f)

    return Recipe(
        'mmpretrain', source.kind,
        ['from mmengine.runner import load_checkpoint', BUILD,
         _backbone(source)],
        "load_checkpoint(model, {file}, 'cpu', strict=True, "
        "revise_keys=[('^backbone.', '')])", _unchanged, save, Pooled)


def safetensors(source: Source) -> Recipe:
    """A file that holds tensors and nothing that could run."""
    def save(state: State, f: BinaryIO) -> None:
        from safetensors.torch import save as to_bytes
        f.write(to_bytes({name: value.contiguous() for name, value
                          in state.items()}, dict(format='pt')))

    return Recipe(
        'mmpretrain and safetensors', source.kind,
        [BUILD, 'from safetensors.torch import load_file',
         _backbone(source)],
        'model.load_state_dict(load_file({file}))', _unchanged, save, Pooled)


def _backbone(source: Source) -> str:
    return f'model = MODELS.build({source.settings!r})'


def _unchanged(ours: dict[str, Tensor], _: State) -> State:
    return ours
