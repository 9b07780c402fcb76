"""Writes a target store, so that a reader never sees half of one."""
from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ..errors import UserError
from ..files.atomic import replacing, write_atomically
from .store import TargetStore, checksum_of


def write_store(directory: str | os.PathLike, blocks: Iterable[np.ndarray],
                meta: dict) -> TargetStore:
    """Write targets block by block, then the manifest, and open the store.

    Args:
        directory: Where to; must hold no finished store.
        blocks: Arrays of :data:`~mmrela.targets.BLOCK` rows (fewer in the
            last), (n, k).
        meta: ``samples``, ``dim``, ``dtype``, ``ids``, ``prior`` and
            ``pca``; more keys are kept as they are.

    Raises:
        UserError: the disk is full or fails, or float16 is too small.
    """
    directory = Path(directory)
    shape, checksums, row = (meta['samples'], meta['dim']), [], 0
    with replacing(directory / 'targets.npy') as f:
        np.lib.format.write_array_header_1_0(f, dict(
            descr=np.dtype(meta['dtype']).str, fortran_order=False,
            shape=shape))
        for block in blocks:
            rows = _as(meta['dtype'], block)
            f.write(rows.tobytes())
            checksums.append(checksum_of(rows))
            row += len(rows)
        if row != meta['samples']:
            raise ValueError(f'got {row} targets for {shape[0]} samples')
    text = json.dumps(dict(meta, checksums=checksums), indent=1)
    write_atomically(directory / 'meta.json', text.encode())
    return TargetStore.open(directory)


def _as(dtype: str, block: np.ndarray) -> np.ndarray:
    with np.errstate(over='ignore'):  # told below
        rows = np.ascontiguousarray(block, dtype)
    if not np.isfinite(rows).all():
        raise UserError('some targets are too large for float16: pass '
                        '--dtype float32')
    smallest = max(np.finfo(dtype).tiny, 1e-8)  # the cosine's own epsilon
    if block.any() and np.abs(block).max() < smallest:
        raise UserError(f'the targets are too small for {dtype}: pass '
                        '--dtype float32 or --normalize whiten')
    return rows
