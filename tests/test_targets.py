"""The target store: what was written comes back, or one sentence why not."""
from __future__ import annotations

import json
import os
import pickle

import numpy as np
import pytest

from mmrela import targets as module
from mmrela.targets import TargetStore, TargetStoreError, hash_ids

ROWS, DIM = 40, 3  # with blocks of 16: two full ones and one of 8


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(module, 'BLOCK', 16)


@pytest.fixture
def numbers() -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.normal(size=(ROWS, DIM)).astype(np.float32)


@pytest.fixture
def directory(tmp_path, numbers, make_store):
    make_store(tmp_path / 'store', numbers)
    return tmp_path / 'store'


def sentence(directory, deep: bool = False) -> str:
    """What a reader of a damaged store is told."""
    with pytest.raises(TargetStoreError) as caught:
        store = TargetStore.open(directory)
        if deep:
            store.verify()
    assert '\n' not in str(caught.value)
    assert str(directory) in str(caught.value)
    assert 'tools/gen_targets.py' in str(caught.value)
    return str(caught.value)


def test_missing_directory(tmp_path):
    assert 'no targets at' in sentence(tmp_path / 'nowhere')


def test_missing_manifest(directory):
    (directory / 'meta.json').unlink()
    assert 'unfinished' in sentence(directory)


def npy(header: str, data: bytes = b'') -> bytes:
    """A file of numpy's format, version 1, with any header."""
    return (b'\x93NUMPY\x01\x00' + len(header).to_bytes(2, 'little') +
            header.encode() + data)


def header(shape: str, descr: str = "'<f2'") -> str:
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}\n"


DATA = bytes(2 * ROWS * DIM)
BAD_ARRAYS = {
    'empty': b'',
    'cut in the header': npy(header('(40, 3)'))[:30],
    'cut in the data': npy(header('(40, 3)'), DATA[:-1]),
    'too long': npy(header('(40, 3)'), DATA + b'\0'),
    'more rows': npy(header('(41, 3)'), DATA),
    'fewer rows': npy(header('(39, 3)'), DATA),
    'other shape': npy(header('(3, 40)'), DATA),
    'flat': npy(header('(120,)'), DATA),
    'other type': npy(header('(40, 3)', "'<i2'"), DATA),
    'far too large': npy(header(f'({2**60}, 3)'), DATA),
    'beyond all integers': npy(header(f'({10**40}, 3)'), DATA),
    'negative': npy(header('(-1, 3)'), DATA),
    'object array': npy(header('(40, 3)', "'|O'"), DATA),
    'no shape': npy(header("'many'"), DATA),
    'no type': npy(header('(40, 3)', "'nonsense'"), DATA),
    'no dictionary': npy('12\n', DATA),
    'unfinished dictionary': npy("{'descr': ", DATA),
    'code': npy('__import__("os").abort()\n', DATA),
    'deep header': npy('-' * 9000 + '1\n', DATA),
    'huge header': npy(header('(40, 3)' + ' ' * 60000), DATA),
    'pickle': pickle.dumps(np.zeros((ROWS, DIM), np.float16)),
    'text': b'not an array',
}


@pytest.mark.parametrize('content', BAD_ARRAYS.values(), ids=BAD_ARRAYS)
def test_damaged_array(directory, content):
    (directory / 'targets.npy').write_bytes(content)
    assert f"{directory / 'targets.npy'} is damaged" in sentence(directory)


def test_missing_array(directory):
    (directory / 'targets.npy').unlink()
    assert str(directory / 'targets.npy') in sentence(directory)


@pytest.mark.parametrize('row', [0, 15, 16, 39])
def test_flipped_byte(directory, row):
    content = bytearray((directory / 'targets.npy').read_bytes())
    content[-2 * DIM * (ROWS - row)] ^= 1
    (directory / 'targets.npy').write_bytes(content)
    first = row // 16 * 16
    last = min(first + 15, ROWS - 1)
    assert f'rows {first} to {last}' in sentence(directory, deep=True)


def test_nan_under_a_right_checksum(directory):
    content = np.load(directory / 'targets.npy')
    content[20, 1] = np.nan
    np.save(directory / 'targets.npy', content)
    meta = json.loads((directory / 'meta.json').read_text())
    meta['checksums'][1] = module.checksum_of(content[16:32])
    (directory / 'meta.json').write_text(json.dumps(meta))
    assert 'rows 16 to 31 hold NaN' in sentence(directory, deep=True)


@pytest.mark.parametrize('key, value', [
    ('dim', 4), ('dim', 3.0), ('dim', None), ('samples', 39),
    ('samples', '40'), ('samples', True), ('dtype', 'float32'),
    ('dtype', 'object'), ('dtype', ['float16']), ('ids', 7),
    ('prior', 'random'), ('pca', []), ('checksums', {}),
    ('checksums', []), ('checksums', ['0' * 32] * 3), ('checksums', [{}] * 3)
])  # yapf: disable
def test_edited_manifest(directory, key, value):
    file = directory / 'meta.json'
    meta = json.loads(file.read_text())
    file.write_text(json.dumps({**meta, key: value}))
    assert 'is damaged' in sentence(directory, deep=True)
    del meta[key]
    file.write_text(json.dumps(meta))
    assert f"{file} is damaged (KeyError: '{key}')" in sentence(directory)


@pytest.mark.parametrize('content', [
    b'', b'{', b'[]', b'null', b'"text"', b'\xff\xfe', b'{"samples": NaN}',
    b'{"samples":\n\n 40,}', b'9' * 5000, b'[' * 200000,
    b'{"a":' * 200000
], ids=range(11))  # yapf: disable
def test_manifest_that_is_none(directory, content):
    (directory / 'meta.json').write_bytes(content)
    assert f"{directory / 'meta.json'} is damaged" in sentence(directory)


def test_huge_manifest_is_not_read(directory):
    os.truncate(directory / 'meta.json', 1 << 40)  # sparse
    assert 'too large' in sentence(directory)


def test_pickled_store_is_opened_again(directory):
    store = TargetStore.open(directory)
    pickled = pickle.dumps(store)
    assert len(pickled) < 500
    assert isinstance(store._targets, np.memmap)
    np.testing.assert_array_equal(pickle.loads(pickled)[7], store[7])
    (directory / 'meta.json').unlink()
    with pytest.raises(TargetStoreError, match='unfinished'):
        pickle.loads(pickled)


@pytest.mark.parametrize('ids, samples, dim, reason, cure', [
    ('1' * 32, ROWS, DIM, 'other images', 'run tools/gen_targets.py'),
    ('0' * 32, 41, DIM, '40 images, the data set has 41',
     'run tools/gen_targets.py.*train_dataloader.dataset.targets'),
    ('0' * 32, ROWS, 8, 'of 3 components, the head predicts 8',
     'model.rela_head.out_channels=3 or run .* --dim 8'),
])  # yapf: disable
def test_check(directory, ids, samples, dim, reason, cure):
    store = TargetStore.open(directory)
    store.check('0' * 32, ROWS, DIM)
    store.check('0' * 32, ROWS)
    with pytest.raises(TargetStoreError, match=f'{reason}.*{cure}') as caught:
        store.check(ids, samples, dim)
    assert str(directory) in str(caught.value)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('ids', [
    ['a', 'c', 'b'], ['a', 'b'], ['a', 'b', 'c', 'c'], ['ab', 'c'],
    ['a', 'b', 'C']
])  # yapf: disable
def test_hash_depends_on_each_id_and_the_order(ids):
    assert hash_ids(iter(ids)) != hash_ids(['a', 'b', 'c'])
    assert hash_ids(iter(ids)) == hash_ids(ids)


def test_hash_takes_any_file_name():
    assert hash_ids([os.fsdecode(b'\xff.jpg')]) != hash_ids(['?.jpg'])
