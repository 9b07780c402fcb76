"""Checkpoints that are whole or absent, and load without being trusted."""
from __future__ import annotations

import pickle
from pathlib import Path

import torch
from mmengine.fileio import LocalBackend, register_backend
from mmengine.runner import CheckpointLoader

from .errors import UserError
from .writing import write_atomically


@register_backend('local', force=True, prefixes='')
class AtomicLocalBackend(LocalBackend):
    """Writes local files so that a kill leaves the old one or the new one.

    mmengine 0.10.7 writes checkpoints in place.
    """

    def put(self, obj: bytes, filepath: str | Path) -> None:
        Path(filepath).parent.mkdir(parents=True, exist_ok=True)
        write_atomically(Path(filepath), obj)

    def put_text(self, obj: str, filepath: str | Path,
                 encoding: str = 'utf-8') -> None:
        self.put(obj.encode(encoding), filepath)


def newest_sound(directory: str | Path) -> Path | None:
    """The newest checkpoint of a work directory that can be read."""
    files = sorted(Path(directory).glob('*.pth'),
                   key=lambda file: file.stat().st_mtime_ns)
    for file in reversed(files):
        try:
            require_sound(file)
            return file
        except UserError as e:
            print(f'passed over: {e}', flush=True)
    return None


def require_sound(file: str | Path) -> None:
    """Make sure that a checkpoint can be read without unpickling objects.

    Raises:
        UserError: it is missing, damaged or needs pickle.
    """
    if not Path(file).is_file():
        raise UserError(f'no checkpoint at {file}')
    try:
        torch.load(file, map_location='cpu', weights_only=True, mmap=True)
    except pickle.UnpicklingError as e:
        raise UserError(
            f'{file} holds Python objects, which could run code on loading: '
            'pass --trust-checkpoint if you know who made it') from e
    except Exception as e:
        raise UserError(f'{file} is damaged ({type(e).__name__}): resume from '
                        'an earlier one') from e


def trust(file: str) -> None:
    """Let mmengine unpickle this one file, and no other."""

    @CheckpointLoader.register_scheme(prefixes='', force=True)
    def load(filename: str, map_location=None) -> dict:
        return torch.load(filename, map_location=map_location,
                          weights_only=filename != file)
