"""Checkpoints that are whole or absent, and load without being trusted."""
from __future__ import annotations

import pickle
import re
import zipfile
from io import BytesIO
from pathlib import Path

import torch
from mmengine.fileio import LocalBackend, get_file_backend, register_backend
from mmengine.hooks import CheckpointHook
from mmengine.runner import CheckpointLoader

from ..errors import UserError
from ..files.atomic import write_atomically


@register_backend('mmrela_atomic', force=True)
class AtomicLocalBackend(LocalBackend):
    """Writes local files so that a kill leaves the old one or the new one.

    mmengine 0.10.7 writes checkpoints in place.
    """

    def put(self, obj: bytes, filepath: str | Path) -> None:
        write_atomically(Path(filepath), obj)

    def put_text(self, obj: str, filepath: str | Path,
                 encoding: str = 'utf-8') -> None:
        self.put(obj.encode(encoding), filepath)


def write_whole(hook: CheckpointHook, work_dir: str) -> None:
    """Let a hook that has not begun write by :class:`AtomicLocalBackend`.

    Args:
        hook: It stays as it is if it writes elsewhere than to local files,
            or names a backend itself.
        work_dir: Where it writes if it names no directory.
    """
    if hook.backend_args is None and hook.file_client_args is None and type(
            get_file_backend(hook.out_dir or work_dir)) is LocalBackend:
        hook.backend_args = dict(backend='mmrela_atomic')


class ForeignCheckpointError(UserError):
    """A checkpoint that is whole, but needs pickle."""


def require_sound(file: str | Path, trusted: bool = False) -> None:
    """Make sure that a checkpoint can be read.

    Args:
        file: The checkpoint; ``scheme://…`` is read by mmengine's backend.
        trusted: Whether it may run code, as unpickling does.

    Raises:
        ForeignCheckpointError: it needs pickle and is not trusted.
        UserError: it is missing or damaged.
    """
    remote = '://' in str(file)
    if not remote and not Path(file).is_file():
        raise UserError(f'no checkpoint at {file}')
    try:
        opened = _opened(file)
        whole = zipfile.is_zipfile(opened)  # not so before torch 1.6
        if isinstance(opened, BytesIO):
            opened.seek(0)  # Python 3.11 leaves it elsewhere
        torch.load(opened, map_location='cpu', weights_only=not trusted,
                   mmap=whole and not remote)
    except Exception as e:
        if isinstance(e, pickle.UnpicklingError) and whole:
            raise ForeignCheckpointError(
                f'{file} holds Python objects, which could run code on '
                'loading: pass --trust-checkpoint if you know who made it'
            ) from e
        raise UserError(f'{file} is damaged ({type(e).__name__}): resume from '
                        'an earlier one') from e


def _opened(file: str | Path) -> str | BytesIO:
    """What ``torch.load`` takes, the oldest one too."""
    file = str(file)
    return BytesIO(get_file_backend(file).get(file)) if (
        '://' in file) else file


def trust(file: str) -> None:
    """Let mmengine unpickle this one file, and no other."""
    prefix = re.escape(file) if '://' in file else ''

    @CheckpointLoader.register_scheme(prefixes=prefix, force=True)
    def load(filename: str, map_location=None) -> dict:
        return torch.load(_opened(filename), map_location=map_location,
                          weights_only=filename != file)
