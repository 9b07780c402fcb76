"""What is written to a store comes back, and never half of it."""
from __future__ import annotations

import numpy as np
import pytest
import torch

from mmrela.errors import UserError
from mmrela.targets import (
    BLOCK,
    Manifest,
    TargetStore,
    TargetStoreError,
    hash_ids,
    write_store,
)
from mmrela.targets.manifest import checksum_of


def unfinished(directory) -> bool:
    with pytest.raises(TargetStoreError, match='unfinished') as caught:
        TargetStore.open(directory)
    return str(directory) in str(caught.value)


def random(rows: int) -> np.ndarray:
    """Targets, (rows, 3) float32."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(rows, 3)).astype(np.float32)


@pytest.mark.parametrize('dtype', ['float16', 'float32'])
@pytest.mark.parametrize(
    'rows', [1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 8])
def test_roundtrip(tmp_path, rows, dtype):
    wanted = random(rows)
    write_store(tmp_path / 'new' / 'store', [wanted],
                Manifest(*wanted.shape, dtype))
    store = TargetStore.open(tmp_path / 'new' / 'store')
    store.verify()
    assert (len(store), store.dim) == (rows, 3)
    assert len(store.meta['checksums']) == -(-rows // BLOCK)
    assert store[0].dtype == np.float32
    np.testing.assert_array_equal(store[:], wanted.astype(dtype))
    with pytest.raises(IndexError):
        store[rows]


@pytest.mark.parametrize('sizes', [[1, 9000, 999], [0, 4095, 2, 0, 5903],
                                   [4096, 4096, 1808], [100] * 100], ids=str)
def test_parts_may_have_any_size(tmp_path, sizes):
    """Those of a trainer's own loader, as arrays or tensors."""
    wanted = random(10000)
    parts = np.split(wanted, np.cumsum(sizes)[:-1])
    parts[::2] = map(torch.from_numpy, parts[::2])
    store = write_store(tmp_path, iter(parts), Manifest(10000, 3, 'float32'))
    np.testing.assert_array_equal(store[:], wanted)
    assert store.manifest.checksums == tuple(
        checksum_of(wanted[i:i + BLOCK]) for i in range(0, 10000, BLOCK))


def test_ids_are_what_a_store_is_checked_by(tmp_path):
    names = [f'{i}.png' for i in range(5)]
    store = write_store(tmp_path, [random(5)],
                        Manifest(5, 3, ids=hash_ids(names)))
    store.check(hash_ids(names), 5, 3)
    with pytest.raises(TargetStoreError, match='other images'):
        store.check(hash_ids(names[::-1]), 5, 3)


def test_killed_writer_leaves_an_unfinished_store(tmp_path, numbers):
    def killed():
        yield numbers[:16]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_store(tmp_path, killed(), Manifest(40, 3))
    assert unfinished(tmp_path)


@pytest.mark.parametrize('parts, reason', [
    ([random(16)], '16 targets for 40 rows'),
    ([random(40), random(1)], '41 targets for 40 rows'),
    ([random(60).reshape(30, 6)], r'must be \(n, 3\), got \(30, 6\)'),
    (random(40), r'must be \(n, 3\), got \(3,\)'),
], ids=['few', 'many', 'wide', 'rows'])
def test_targets_that_the_manifest_does_not_describe(tmp_path, parts, reason):
    with pytest.raises(ValueError, match=reason):
        write_store(tmp_path, parts, Manifest(40, 3))
    assert unfinished(tmp_path)


@pytest.mark.filterwarnings('error')
def test_float16_overflow(tmp_path, numbers):
    numbers[33, 1] = 7e4
    with pytest.raises(UserError, match='float16: pass --dtype float32'):
        write_store(tmp_path / 'half', [numbers], Manifest(40, 3))
    assert unfinished(tmp_path / 'half')
    write_store(tmp_path / 'single', [numbers],
                Manifest(40, 3, 'float32')).verify()


def test_targets_that_are_as_good_as_zero_are_refused(tmp_path):
    tiny = np.full((4, 3), 1e-9)
    with pytest.raises(UserError, match='--normalize whiten'):
        write_store(tmp_path, [tiny], Manifest(4, 3, 'float32'))
    assert unfinished(tmp_path)
