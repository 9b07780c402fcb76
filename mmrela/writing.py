"""Writes a target store, so that a reader never sees half of one."""
from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from .errors import UserError
from .targets import BLOCK, TargetStore, checksum_of  # noqa: F401


def write_store(directory: str | os.PathLike, blocks: Iterable[np.ndarray],
                meta: dict) -> TargetStore:
    """Write targets block by block, then the manifest, and open the store.

    Args:
        directory: Where to; must hold no finished store.
        blocks: Arrays of :data:`BLOCK` rows (fewer in the last), (n, k).
        meta: ``samples``, ``dim``, ``dtype``, ``ids``, ``prior`` and
            ``pca``; more keys are kept as they are.
    """
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    temporary = directory / 'targets.npy.tmp'
    targets = np.lib.format.open_memmap(
        temporary, 'w+', meta['dtype'], (meta['samples'], meta['dim']))
    checksums, row = [], 0
    for block in blocks:
        rows = targets[row:row + len(block)]
        with np.errstate(over='ignore'):  # told below
            rows[:] = block
        if not np.isfinite(rows).all():
            raise UserError('some targets are too large for float16: pass '
                            '--dtype float32')
        checksums.append(checksum_of(rows))
        row += len(block)
    if row != len(targets):
        raise ValueError(f'got {row} targets for {len(targets)} samples')
    targets.flush()
    os.replace(temporary, directory / 'targets.npy')
    text = json.dumps(dict(meta, checksums=checksums), indent=1)
    write_atomically(directory / 'meta.json', text.encode())
    return TargetStore.open(directory)


def write_atomically(file: Path, content: bytes) -> None:
    """Write a file so that a reader finds all of it or nothing."""
    temporary = file.with_name(file.name + '.tmp')
    with open(temporary, 'wb') as f:
        f.write(content)
        f.flush()
        os.fsync(f.fileno())
    os.replace(temporary, file)
