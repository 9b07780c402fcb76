"""Features that were made elsewhere."""
from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import UserError
from ..files.atomic import replacing, write_atomically
from ..files.untrusted import DamagedError, map_array
from ..pictures.rgb import Sample
from .base import Prior


def load_stored(name: str, weights: str | None, image_size: int | None,
                cfg: dict | None) -> Prior:
    """``file:FEATURES.npy``: features of yours, one row per sample.

    (N, d) floats without pickle, beside ``FEATURES.ids.txt`` with one
    sample id a line in the order of the rows, as ``--write-ids`` writes
    them; rows of other images are not used. Licence and size are your own.
    """
    spec = f'file:{name}'
    if weights is not None or image_size is not None:
        raise UserError(f'--prior {spec} looks at no images: leave out '
                        '--weights and --image-size')
    file = Path(name)
    features, ids = _read(file), _read_ids(ids_file(file))
    if len(ids) != len(features):
        raise UserError(f'{file} has {len(features)} rows, but its .ids.txt '
                        f'{len(ids)} ids: each row needs its own')
    return StoredFeatures(spec, features, ids)


def ids_file(file: Path) -> Path:
    """Where the sample ids of ``FEATURES.npy`` stand."""
    return file.with_suffix('.ids.txt')


def write_ids(file: Path, ids: Iterable[str]) -> None:
    """Write sample ids, one a line, as :func:`load_stored` reads them.

    Raises:
        UserError: the disk is full or fails.
    """
    text = ''.join(f'{name}\n' for name in ids)
    write_atomically(file, text.encode('utf-8', 'surrogateescape'))


def write_features(file: Path, features: np.ndarray,
                   ids: Iterable[str]) -> None:
    """Write what ``file:FEATURES.npy`` reads, ids first.

    Args:
        file: Its name ends in ``.npy``.
        features: (N, d) floats.
        ids: Of the N samples.

    Raises:
        UserError: the disk is full or fails.
    """
    write_ids(ids_file(file), ids)
    with replacing(file) as f:
        np.lib.format.write_array(f, features, allow_pickle=False)


class StoredFeatures(Prior):
    """Looks features up by sample id instead of looking at images.

    Args:
        name: Its spelling, for the fingerprint.
        features: (N, d), may be memory-mapped.
        ids: Row of each sample id.
    """

    def __init__(self, name: str, features: np.ndarray,
                 ids: dict[str, int]) -> None:
        super().__init__(name, nn.Identity(), None, 'none, by sample id')
        self.features, self.ids = features, ids

    def input_of(self, sample: Sample) -> Tensor:
        """The sample's features, (d,) float32.

        Raises:
            UserError: there are none.
        """
        name = sample.id.lstrip('/')
        row = self.ids.get(name)
        if row is None:
            raise UserError(f'{self.name} has no features of {name}: its '
                            '.ids.txt must hold the ids of all samples, as '
                            'tools/gen_targets.py --write-ids writes them')
        return torch.from_numpy(self.features[row].astype(np.float32))

    def weights_hash(self) -> str:
        """Hash of the features and their ids."""
        digest = hashlib.blake2b(digest_size=16)
        for start in range(0, len(self.features), 4096):
            digest.update(np.ascontiguousarray(
                self.features[start:start + 4096]).data)
        digest.update('\0'.join(self.ids).encode('utf-8', 'surrogateescape'))
        return digest.hexdigest()


def _read(file: Path) -> np.ndarray:
    try:
        features = map_array(file)
        if features.ndim != 2 or features.dtype.kind != 'f':
            raise DamagedError(f'it holds {features.shape} {features.dtype}')
    except DamagedError as e:
        raise UserError(f'{file} is no (N, d) array of floats without pickle '
                        f'({e})') from e
    return features


def _read_ids(file: Path) -> dict[str, int]:
    try:
        text = file.read_text('utf-8', 'surrogateescape')
    except OSError as e:
        raise UserError(f'no ids at {file}: write the id of one sample a '
                        'line there, in the order of the rows, by '
                        'tools/gen_targets.py --write-ids') from e
    names = [line.lstrip('/') for line in text.removesuffix('\n').split('\n')]
    ids = {name: row for row, name in enumerate(names)}
    if len(ids) < len(names):
        twice = next(n for i, n in enumerate(names) if ids[n] != i)
        raise UserError(f'{file} names {twice!r} twice')
    return ids
