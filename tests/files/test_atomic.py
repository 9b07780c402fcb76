"""What is written to a store comes back, and never half of it."""
from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmrela.errors import UserError
from mmrela.files.atomic import remove_leftovers, write_atomically
from mmrela.targets import store as module
from mmrela.targets.store import TargetStore, TargetStoreError
from mmrela.targets.write import write_store

ROWS, DIM = 40, 3  # with blocks of 16: two full ones and one of 8


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(module, 'BLOCK', 16)


def unfinished(directory) -> bool:
    with pytest.raises(TargetStoreError, match='unfinished') as caught:
        TargetStore.open(directory)
    return str(directory) in str(caught.value)


@pytest.mark.parametrize('dtype', ['float16', 'float32'])
@pytest.mark.parametrize('rows', [1, 15, 16, 17, 32, ROWS])
def test_roundtrip(tmp_path, numbers, make_store, rows, dtype):
    wanted = numbers[:rows]
    make_store(tmp_path / 'new' / 'store', wanted, dtype=dtype, note='kept')
    store = TargetStore.open(tmp_path / 'new' / 'store')
    store.verify()
    assert (len(store), store.dim) == (rows, DIM)
    assert store.meta['note'] == 'kept'
    assert len(store.meta['checksums']) == -(-rows // 16)
    for i in range(rows):
        assert store[i].dtype == np.float32
        np.testing.assert_array_equal(store[i], wanted[i].astype(dtype))
    with pytest.raises(IndexError):
        store[rows]


def test_killed_writer_leaves_an_unfinished_store(tmp_path, numbers,
                                                  make_store):
    def killed():
        yield numbers[:16]
        raise KeyboardInterrupt

    meta = make_store(tmp_path / 'other', numbers).meta
    with pytest.raises(KeyboardInterrupt):
        write_store(tmp_path / 'store', killed(), meta)
    assert unfinished(tmp_path / 'store')
    with pytest.raises(ValueError, match='16 targets for 40 samples'):
        write_store(tmp_path / 'store', [numbers[:16]], meta)
    assert unfinished(tmp_path / 'store')


@pytest.mark.filterwarnings('error')
def test_float16_overflow(tmp_path, numbers, make_store):
    numbers[33, 1] = 7e4
    with pytest.raises(UserError, match='float16: pass --dtype float32'):
        make_store(tmp_path / 'half', numbers)
    assert unfinished(tmp_path / 'half')
    make_store(tmp_path / 'single', numbers, dtype='float32').verify()


def test_too_many_targets(tmp_path, numbers, make_store):
    with pytest.raises(ValueError):
        make_store(tmp_path / 'store', numbers, samples=ROWS - 1)
    assert unfinished(tmp_path / 'store')


def test_files_appear_whole_or_not_at_all(tmp_path):
    file = tmp_path / 'file'
    write_atomically(file, b'old')
    with pytest.raises(TypeError):
        write_atomically(file, 'not bytes')
    assert file.read_bytes() == b'old'
    write_atomically(file, b'new')
    assert file.read_bytes() == b'new'


def test_leftovers_of_killed_writers_go_and_nothing_else(tmp_path):
    kept = ['epoch_1.pth', 'mine.tmp', '7.tmp', 'epoch_1.pth.tmp',
            'epoch_1.pth.2b.tmp', 'epoch_1.pth.7.tmp.bak']
    for name in (*kept, 'epoch_1.pth.7.tmp', 'a b.123456.tmp'):
        (tmp_path / name).write_bytes(b'some')
    (tmp_path / 'folder.7.tmp').mkdir()
    remove_leftovers(tmp_path)
    assert sorted(f.name for f in tmp_path.iterdir()) == sorted(
        [*kept, 'folder.7.tmp'])
    remove_leftovers(tmp_path / 'nowhere')


def test_leftovers_are_what_the_writer_leaves(tmp_path, monkeypatch):
    """The pattern follows the writer, not this test's idea of it."""
    monkeypatch.setattr(Path, 'unlink', lambda *args, **kwargs: None)
    with pytest.raises(TypeError):
        write_atomically(tmp_path / 'file', 'not bytes')
    assert len([*tmp_path.iterdir()]) == 1
    monkeypatch.undo()
    remove_leftovers(tmp_path)
    assert [*tmp_path.iterdir()] == []


def test_targets_that_are_as_good_as_zero_are_refused(tmp_path):
    tiny = np.full((4, 3), 1e-9)
    meta = dict(samples=4, dim=3, dtype='float32', ids='', prior={}, pca={})
    with pytest.raises(UserError, match='--normalize whiten'):
        write_store(tmp_path / 'store', [tiny], meta)
    assert not (tmp_path / 'store' / 'meta.json').exists()
