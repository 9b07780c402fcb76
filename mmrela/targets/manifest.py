"""The manifest of a target store, ``meta.json``."""
from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from ..errors import UserError
from ..files.untrusted import DamagedError, read_json

_DTYPES = ('float16', 'float32')
_KEYS = dict(samples=int, dim=int, dtype=str, ids=str, prior=dict, pca=dict,
             checksums=list)


class TargetStoreError(UserError):
    """A store that is incomplete, damaged or made for something else."""


def checksum_of(block: np.ndarray) -> str:
    """Checksum of a block of targets, as the manifest holds it."""
    data = np.ascontiguousarray(block)
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def damaged(file: Path, reason: object) -> TargetStoreError:
    """What to raise for a file of a store."""
    return TargetStoreError(f'{file} is damaged ({reason}): remove its '
                            'directory and run tools/gen_targets.py again')


def read_meta(directory: Path) -> dict:
    """The manifest of a finished store.

    Raises:
        TargetStoreError: the store is missing, unfinished or damaged.
    """
    file = directory / 'meta.json'
    if not directory.is_dir():
        raise TargetStoreError(f'no targets at {directory}: run '
                               'tools/gen_targets.py with this config first')
    if not file.is_file():
        raise TargetStoreError(f'{directory} is an unfinished store (it has '
                               'no meta.json): run tools/gen_targets.py '
                               'again')
    try:
        meta = read_json(file, _KEYS)
        if meta['dtype'] not in _DTYPES:
            raise DamagedError(f'dtype is not one of {_DTYPES}')
        _check_skipped(meta.setdefault('skipped', []), meta['samples'])
    except DamagedError as e:
        raise damaged(file, e) from e
    return meta


def _check_skipped(skipped: object, samples: int) -> None:
    # [index, sample id] pairs with ascending indices
    try:
        if type(skipped) is not list:
            raise TypeError
        indices = [index for index, name in skipped if type(name) is str]
        if (len(indices) != len(skipped) or {*map(type, indices)} - {int}
                or sorted({-1, *indices, samples}) != [-1, *indices, samples]):
            raise ValueError
    except (TypeError, ValueError) as e:
        raise DamagedError('skipped lists no samples in their order') from e
