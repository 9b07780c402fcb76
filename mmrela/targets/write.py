"""Writes a target store, so that a reader never sees half of one."""
from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from torch import Tensor

from ..errors import UserError
from ..files.atomic import replacing
from .manifest import Manifest, checksum_of
from .store import BLOCK, TargetStore


def write_store(directory: str | os.PathLike,
                targets: Iterable[np.ndarray | Tensor],
                manifest: Manifest) -> TargetStore:
    """Write targets part by part, then the manifest, and open the store.

    Args:
        directory: Where to; must hold no finished store.
        targets: Arrays, or tensors on the CPU, (n, k), of any n each.
        manifest: What they are; the checksums are put in here.

    Raises:
        UserError: the disk is full or fails, or the dtype is too small.
        ValueError: targets are not as many, or as wide, as the manifest says.

    Example:
        >>> targets = torch.randn(50000, 64)
        >>> store = write_store('targets', [targets],
        ...                     Manifest(*targets.shape, ids=hash_ids(names)))
        >>> store[7]  # float32, (64,)
    """
    directory = Path(directory)
    shape, count = (manifest.rows, manifest.dim), 0
    checksums: list[str] = []
    with replacing(directory / 'targets.npy') as f:
        np.lib.format.write_array_header_1_0(f, dict(
            descr=np.dtype(manifest.dtype).str, fortran_order=False,
            shape=shape))
        for block in _blocks(targets, manifest.dim):
            rows = _as(manifest.dtype, block)
            f.write(rows.tobytes())
            checksums.append(checksum_of(rows))
            count += len(rows)
        if count != manifest.rows:
            raise ValueError(f'got {count} targets for {shape[0]} rows')
    replace(manifest, checksums=tuple(checksums)).write(directory)
    return TargetStore.open(directory)


def _blocks(parts: Iterable[np.ndarray | Tensor],
            dim: int) -> Iterator[np.ndarray]:
    """The same rows in blocks of :data:`BLOCK`, the last one fewer."""
    held: list[np.ndarray] = []
    room = BLOCK
    for part in map(np.asarray, parts):
        if part.ndim != 2 or part.shape[1] != dim:
            raise ValueError(f'targets must be (n, {dim}), got {part.shape}')
        while len(part):
            held.append(part[:room])
            part = part[room:]
            room -= len(held[-1])
            if not room:
                yield np.concatenate(held)
                held, room = [], BLOCK
    if held:
        yield np.concatenate(held)


def _as(dtype: str, block: np.ndarray) -> np.ndarray:
    with np.errstate(over='ignore'):  # refused below
        rows = np.ascontiguousarray(block, dtype)
    if not np.isfinite(rows).all():
        raise UserError('some targets are too large for float16: pass '
                        '--dtype float32')
    smallest = max(np.finfo(dtype).tiny, 1e-8)  # the cosine's own epsilon
    if block.any() and np.abs(block).max() < smallest:
        raise UserError(f'the targets are too small for {dtype}: pass '
                        '--dtype float32 or --normalize whiten')
    return rows
