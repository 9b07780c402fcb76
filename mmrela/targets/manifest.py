"""The manifest of a target store, ``meta.json``."""
from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np

from ..errors import UserError
from ..files.atomic import write_atomically
from ..files.untrusted import DamagedError, read_json

_DTYPES = ('float16', 'float32')
_KEYS = dict(samples=int, dim=int, dtype=str, ids=str, prior=dict, pca=dict,
             checksums=list)


class TargetStoreError(UserError):
    """A store that is incomplete, damaged or made for something else."""


@dataclass(frozen=True)
class Manifest:
    """What a target store holds, and how it was made.

    Args:
        samples: Number of images, N.
        dim: Components of each target, k.
        dtype: ``float16`` or ``float32``.
        ids: :func:`~mmrela.targets.hash_ids` of the images, in order; where
            it is empty, no data set is known to fit.
        prior: Its fingerprint, ``name`` and more.
        pca: How features became targets, ``normalize`` and more; empty if
            there is no ``pca.npz``.
        skipped: Index and id of each image that could not be read, the
            indices ascending.
        feature_seconds: What the pass over the images took, calls that were
            killed included.
        pca_seconds: What fitting the PCA took.
        checksums: Of the targets, one for each block of
            :data:`~mmrela.targets.BLOCK` rows; the writer's part.
        views: Targets of each image, V, each of its own crop; the row of
            one is view · N + image.

    Raises:
        ValueError: the dtype is another.
    """
    samples: int
    dim: int
    dtype: str = 'float16'
    ids: str = ''
    prior: dict = field(default_factory=dict)
    pca: dict = field(default_factory=dict)
    skipped: tuple[tuple[int, str], ...] = ()
    feature_seconds: float | None = None
    pca_seconds: float | None = None
    checksums: tuple[str, ...] = ()
    views: int = 1

    @property
    def rows(self) -> int:
        """Number of targets, V · N."""
        return self.views * self.samples

    def __post_init__(self) -> None:
        if self.dtype not in _DTYPES:
            raise ValueError(f'dtype is not one of {_DTYPES}')

    @classmethod
    def read(cls, directory: Path) -> Manifest:
        """That of a finished store; keys that are not known do not count.

        Raises:
            TargetStoreError: the store is missing, unfinished or damaged.
        """
        file = directory / 'meta.json'
        if not directory.is_dir():
            raise TargetStoreError(
                f'no targets at {directory}: run tools/gen_targets.py with '
                'this config first')
        if not file.is_file():
            raise TargetStoreError(
                f'{directory} is an unfinished store (it has no meta.json): '
                'run tools/gen_targets.py again')
        try:
            content = read_json(file, _KEYS, _room(directory))
            content['skipped'] = _skipped(
                content.get('skipped', []), content['samples'])
            content['checksums'] = tuple(content['checksums'])
            views = content.get('views', 1)
            if type(views) is not int or views < 1:
                raise DamagedError('views is no positive number')
            return cls(**{key.name: content[key.name] for key in fields(cls)
                          if key.name in content})
        except ValueError as e:
            raise damaged(file, e) from e

    def write(self, directory: Path) -> None:
        """Put it there, which makes the store a finished one.

        Raises:
            UserError: the disk is full or fails.
        """
        text = json.dumps(self.as_json(), indent=1)
        write_atomically(directory / 'meta.json', text.encode())

    def as_json(self) -> dict:
        """Content of ``meta.json``, in its order; no ``views`` if it is 1."""
        content = {key.name: getattr(self, key.name) for key in fields(self)
                   if getattr(self, key.name) is not None
                   and (key.name, self.views) != ('views', 1)}
        return dict(content, skipped=[list(pair) for pair in self.skipped],
                    checksums=list(self.checksums))


def _room(directory: Path) -> int:
    """Bytes for the ids of skipped images, each beside its row of targets."""
    targets = directory / 'targets.npy'
    return targets.stat().st_size if targets.is_file() else 0


def _skipped(entries: object, samples: int) -> tuple[tuple[int, str], ...]:
    """Pairs of index and sample id from JSON that may hold anything."""
    error = DamagedError('skipped lists no samples in their order')
    if type(entries) is not list:
        raise error
    previous = -1
    for entry in entries:
        if type(entry) is not list or [*map(type, entry)] != [int, str]:
            raise error
        if not previous < entry[0] < samples:
            raise error
        previous = entry[0]
    return tuple(map(tuple, entries))


def checksum_of(block: np.ndarray) -> str:
    """Checksum of a block of targets, as the manifest holds it."""
    data = np.ascontiguousarray(block)
    return hashlib.blake2b(data.data, digest_size=16).hexdigest()


def hash_ids(ids: Iterable[str]) -> str:
    """Hash of sample ids in their order."""
    digest = hashlib.blake2b(digest_size=16)
    for sample_id in ids:
        digest.update(sample_id.encode('utf-8', 'surrogateescape') + b'\0')
    return digest.hexdigest()


def damaged(file: Path, reason: object) -> TargetStoreError:
    """What to raise for a file of a store."""
    return TargetStoreError(f'{file} is damaged ({reason}): remove its '
                            'directory and run tools/gen_targets.py again')
