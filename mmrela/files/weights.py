"""Weights from files, or drawn."""
from __future__ import annotations

import zipfile
from pathlib import Path

import torch
from torch import nn

from ..errors import UserError


def read_weights(file: str) -> dict:
    """Read a checkpoint without unpickling anything.

    Args:
        file: What ``torch.save`` wrote, or a ``.safetensors`` file.

    Returns:
        Its state dict.

    Raises:
        UserError: the file is missing, damaged or needs pickle.
    """
    if not Path(file).is_file():
        raise UserError(f'no weights at {file}')
    try:
        state = _load(file)
    except Exception as e:
        raise UserError(f'{file} holds no weights that load without pickle '
                        f'({type(e).__name__}){_cure(file)}') from e
    if isinstance(state, dict):
        state = state.get('state_dict', state)
    if not (isinstance(state, dict) and state):
        raise UserError(f'{file} holds no weights')
    return state


def _load(file: str) -> dict:
    if file.endswith('.safetensors'):
        from safetensors.torch import load_file
        return load_file(file)
    if _is_program(file):  # old releases would give it to torch.jit
        raise RuntimeError('a TorchScript program')
    return torch.load(file, map_location='cpu', weights_only=True)


def _is_program(file: str) -> bool:
    if not zipfile.is_zipfile(file):
        return False
    with zipfile.ZipFile(file) as archive:
        return any('/code/' in name for name in archive.namelist())


def _cure(file: str) -> str:
    if not zipfile.is_zipfile(file):  # damaged
        return ''
    what, load = 'holds Python objects', (
        "torch.load(FILE, weights_only=False)['state_dict']")
    if _is_program(file):
        what, load = ('is a TorchScript program',
                      'torch.jit.load(FILE).state_dict()')
    return (f': it {what}; save its weights alone, torch.save({load}, OTHER), '
            'where you trust it')


def load_weights(model: nn.Module, state: dict, what: str) -> None:
    """Put weights into a model, all of them.

    Args:
        model: Takes them.
        state: The weights.
        what: File and model, for the message.

    Raises:
        UserError: a weight is missing, unknown or has another shape.
    """
    try:
        model.load_state_dict(state)
    except RuntimeError as e:
        raise UserError(f'cannot load {what}: its keys or shapes are those of '
                        'another model') from e


def without_prefix(state: dict, prefix: str) -> dict:
    """The weights whose names begin so, without that beginning."""
    return {key.removeprefix(prefix): value for key, value in state.items()
            if key.startswith(prefix)}
