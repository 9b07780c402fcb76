"""The target store: what was written comes back, or one sentence why not."""
from __future__ import annotations

import io
import json
import os
import pickle
import time
import zipfile

import numpy as np
import pytest

from mmrela.pca import BatchPCA
from mmrela.targets import (
    BLOCK,
    Manifest,
    TargetStore,
    TargetStoreError,
    hash_ids,
    write_store,
)
from mmrela.targets.manifest import checksum_of

ROWS, DIM = 2 * BLOCK + 8, 3


@pytest.fixture
def numbers() -> np.ndarray:
    """Targets in two full blocks and one of 8."""
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


def header(shape: object = (ROWS, DIM), descr: str = "'<f2'") -> str:
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}\n"


DATA = bytes(2 * ROWS * DIM)
BAD_ARRAYS = {
    'empty': b'',
    'cut in the header': npy(header())[:30],
    'cut in the data': npy(header(), DATA[:-1]),
    'too long': npy(header(), DATA + b'\0'),
    'more rows': npy(header((ROWS + 1, DIM)), DATA),
    'fewer rows': npy(header((ROWS - 1, DIM)), DATA),
    'other shape': npy(header((DIM, ROWS)), DATA),
    'flat': npy(header((ROWS * DIM, )), DATA),
    'other type': npy(header(descr="'<i2'"), DATA),
    'far too large': npy(header((2**60, DIM)), DATA),
    'beyond all integers': npy(header((10**40, DIM)), DATA),
    'negative': npy(header((-1, DIM)), DATA),
    'object array': npy(header(descr="'|O'"), DATA),
    'no shape': npy(header("'many'"), DATA),
    'no type': npy(header(descr="'nonsense'"), DATA),
    'no dictionary': npy('12\n', DATA),
    'unfinished dictionary': npy("{'descr': ", DATA),
    'code': npy('__import__("os").abort()\n', DATA),
    'deep header': npy('-' * 9000 + '1\n', DATA),
    'huge header': npy(header(f'({ROWS}, {DIM})' + ' ' * 60000), DATA),
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


@pytest.mark.parametrize('row', [0, BLOCK - 1, BLOCK, ROWS - 1])
def test_flipped_byte(directory, row):
    content = bytearray((directory / 'targets.npy').read_bytes())
    content[-2 * DIM * (ROWS - row)] ^= 1
    (directory / 'targets.npy').write_bytes(content)
    first = row // BLOCK * BLOCK
    last = min(first + BLOCK, ROWS) - 1
    assert f'rows {first} to {last}' in sentence(directory, deep=True)


def test_nan_under_a_right_checksum(directory):
    content = np.load(directory / 'targets.npy')
    content[BLOCK + 4, 1] = np.nan
    np.save(directory / 'targets.npy', content)
    meta = json.loads((directory / 'meta.json').read_text())
    meta['checksums'][1] = checksum_of(content[BLOCK:2 * BLOCK])
    (directory / 'meta.json').write_text(json.dumps(meta))
    assert 'rows 4096 to 8191 hold NaN' in sentence(directory, deep=True)


@pytest.mark.parametrize('key, value', [
    ('dim', 4), ('dim', 3.0), ('dim', None), ('samples', ROWS - 1),
    ('samples', str(ROWS)), ('samples', True), ('dtype', 'float32'),
    ('dtype', 'object'), ('dtype', ['float16']), ('ids', 7),
    ('prior', 'random'), ('pca', []), ('checksums', {}),
    ('checksums', []), ('checksums', ['0' * 32] * 3), ('checksums', [{}] * 3)
])
def test_edited_manifest(directory, key, value):
    file = directory / 'meta.json'
    meta = json.loads(file.read_text())
    file.write_text(json.dumps({**meta, key: value}))
    assert 'is damaged' in sentence(directory, deep=True)
    del meta[key]
    file.write_text(json.dumps(meta))
    assert f"{file} is damaged (KeyError: '{key}')" in sentence(directory)


@pytest.mark.parametrize('value', [0, -2, 2.0, True, '2', None, [2]])
def test_views_that_are_no_number(directory, value):
    file = directory / 'meta.json'
    meta = json.loads(file.read_text())
    file.write_text(json.dumps({**meta, 'views': value}))
    assert 'views is no positive number' in sentence(directory)
    file.write_text(json.dumps({**meta, 'views': 2}))
    assert f'says ({2 * ROWS}, 3) float16' in sentence(directory)


def test_rows_of_views(tmp_path, numbers):
    """Half as many images, each with two targets."""
    write_store(tmp_path, [numbers], Manifest(
        ROWS // 2, DIM, 'float32', skipped=((3, 'a'), ), views=2))
    store = TargetStore.open(tmp_path)
    assert (len(store), store.views, store.usable) == (
        ROWS // 2, 2, ROWS - 2)
    np.testing.assert_array_equal(store[np.arange(ROWS)], numbers)
    store.verify()
    with pytest.raises(ValueError, match=f'got {ROWS} targets for'):
        write_store(tmp_path / 'no', [numbers], Manifest(
            ROWS, DIM, views=2))


@pytest.mark.parametrize('value', [
    7, 'many', {}, [7], [[7]], [['7', 'a']], [[7, 8]], [[True, 'a']],
    [[-1, 'a']], [[ROWS, 'a']], [[8, 'a'], [7, 'b']], [[7, 'a'], [7, 'a']],
    [[7, 'a', 'b']], [None], [[10**40, 'a']],
], ids=str)
def test_skipped_samples_that_are_none(directory, value):
    file = directory / 'meta.json'
    meta = json.loads(file.read_text())
    file.write_text(json.dumps({**meta, 'skipped': value}))
    assert 'skipped lists no samples' in sentence(directory)
    meta['skipped'] = [[7, 'a'], [ROWS - 1, 'b']]
    file.write_text(json.dumps(meta))
    assert TargetStore.open(directory).skipped == [7, ROWS - 1]


def test_meta_is_what_the_file_says(directory):
    store = TargetStore.open(directory)
    there = json.loads((directory / 'meta.json').read_text())
    assert store.meta == there and list(store.meta) == list(there)
    store.meta['samples'] = 7  # a dict of the caller's own
    assert len(store) == store.meta['samples'] == ROWS
    with pytest.raises(AttributeError):
        store.meta = there


def test_no_path_of_a_manifest_is_followed(directory):
    file = directory / 'meta.json'
    meta = json.loads(file.read_text())
    for key in ('file', 'targets', 'directory', 'path'):
        meta[key] = '../../../../etc/passwd'
    file.write_text(json.dumps(meta))
    TargetStore.open(directory).verify()


def test_pipe_in_place_of_an_array(directory):
    (directory / 'targets.npy').unlink()
    os.mkfifo(directory / 'targets.npy')
    assert 'no plain file' in sentence(directory)


@pytest.fixture
def pca_file(directory, numbers):
    BatchPCA().update(numbers).fit(DIM).save(directory / 'pca.npz')
    TargetStore.open(directory).verify()
    return directory / 'pca.npz'


def npz(compression: int = zipfile.ZIP_STORED, **members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w', compression) as archive:
        for name, content in members.items():
            archive.writestr(f'{name}.npy', content)
    return file.getvalue()


BAD_PCAS = {
    'empty': b'',
    'text': b'no archive',
    'pickle': pickle.dumps(np.zeros(3)),
    'nothing in it': npz(),
    'object array': npz(count=npy(header('(1,)', "'|O'"), bytes(8))),
    'far too large': npz(mean=npy(header(f'({10**18},)'), bytes(8))),
    'pickled member': npz(count=pickle.dumps(7)),
    'bomb': npz(zipfile.ZIP_DEFLATED, mean=npy(header('(9000000,)'),
                                               bytes(18000000))),
}


@pytest.mark.parametrize('content', BAD_PCAS.values(), ids=BAD_PCAS)
def test_damaged_pca(directory, pca_file, content):
    pca_file.write_bytes(content)
    assert f'{pca_file} is damaged' in sentence(directory, deep=True)


def test_targets_without_a_pca_are_not_damaged(directory):
    """Distilled ones, and a user's own, are not to be removed for that."""
    store = TargetStore.open(directory)
    assert not store.manifest.pca
    store.verify()
    with pytest.raises(TargetStoreError, match='written without a PCA$'):
        store.pca  # noqa: B018


def test_changed_pca(directory, pca_file, numbers):
    content = bytearray(pca_file.read_bytes())
    content[content.index(b'components') + 150] ^= 1
    pca_file.write_bytes(content)
    assert f'{pca_file} is damaged' in sentence(directory, deep=True)
    BatchPCA().update(numbers).fit(DIM - 1).save(pca_file)
    assert 'another width' in sentence(directory, deep=True)


@pytest.mark.parametrize('content', [
    b'', b'{', b'[]', b'null', b'"text"', b'\xff\xfe', b'{"samples": NaN}',
    b'{"samples":\n\n 40,}', b'9' * 5000, b'[' * 200000,
    b'{"a":' * 200000
], ids=range(11))
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
    assert isinstance(store._targets.base, np.memmap)
    np.testing.assert_array_equal(pickle.loads(pickled)[7], store[7])
    (directory / 'meta.json').unlink()
    with pytest.raises(TargetStoreError, match='unfinished'):
        pickle.loads(pickled)


@pytest.mark.parametrize('ids, samples, dim, reason, cure', [
    ('1' * 32, ROWS, DIM, 'other images', 'run tools/gen_targets.py'),
    ('0' * 32, 41, DIM, f'{ROWS} images, the data set has 41',
     'run tools/gen_targets.py.*train_dataloader.dataset.targets'),
    ('0' * 32, ROWS, 8, 'of 3 components, the head predicts 8',
     'model.rela_head.out_channels=3 or run .* --dim 8'),
])
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
])
def test_hash_depends_on_each_id_and_the_order(ids):
    assert hash_ids(iter(ids)) != hash_ids(['a', 'b', 'c'])
    assert hash_ids(iter(ids)) == hash_ids(ids)


def test_check_prior(directory):
    store = TargetStore.open(directory)
    store.check('0' * 32, ROWS, DIM, 'numbers')
    with pytest.raises(TargetStoreError, match='prior numbers, .*expects x'):
        store.check('0' * 32, ROWS, DIM, 'x')


def own_kilobytes() -> int:
    """Memory that is neither the page cache's nor the parent's."""
    with open('/proc/self/smaps_rollup') as f:
        return next(int(line.split()[1]) for line in f
                    if line.startswith('Private_Dirty'))


def worker_memory(directory) -> list[int]:
    """Private kB that each of four workers adds by reading at random."""
    added = []
    for seed in range(4):
        read, write = os.pipe()
        if os.fork() == 0:
            store = TargetStore.open(directory)
            rng = np.random.default_rng(seed)
            store[rng.integers(0, len(store), 256)]
            before = own_kilobytes()
            for _ in range(40):
                store[rng.integers(0, len(store), 256)]
            os.write(write, str(own_kilobytes() - before).encode())
            os._exit(0)
        os.wait()
        added.append(int(os.read(read, 20)))
    return added


@pytest.mark.slow
def test_store_of_imagenet_size(tmp_path, make_store):
    rows = 1_281_167
    small = tmp_path / 'small'
    make_store(small, np.zeros((12_800, 512), np.float16))
    store = make_store(tmp_path / 'store', np.zeros((10, 512), np.float16))
    meta = dict(store.meta, samples=rows, checksums=['0' * 32] * 313)
    (tmp_path / 'store' / 'meta.json').write_text(json.dumps(meta))
    with open(tmp_path / 'store' / 'targets.npy', 'wb') as f:
        np.lib.format.write_array_header_1_0(f, dict(
            descr='<f2', fortran_order=False, shape=(rows, 512)))
        f.truncate(f.tell() + rows * 1024)  # sparse
    start = time.perf_counter()
    store = TargetStore.open(tmp_path / 'store')
    opening = time.perf_counter() - start
    lookups, rng = [], np.random.default_rng(0)
    for _ in range(20):
        indices = rng.integers(0, rows, 256)
        store[indices]  # now in the page cache
        start = time.perf_counter()
        store[indices]
        lookups.append(time.perf_counter() - start)
        assert store[indices].shape == (256, 512)
    large, little = worker_memory(tmp_path / 'store'), worker_memory(small)
    print(f'opening {opening:.4f} s, batch {1e3 * min(lookups):.3f} ms '
          f'(median {1e3 * np.median(lookups):.3f}), private kB of workers '
          f'{large}, of a store of 1 %: {little}')
    assert opening < 1 and np.median(lookups) < 1e-3
    assert max(large) < max(little) + 2000


def test_hash_takes_any_file_name():
    assert hash_ids([os.fsdecode(b'\xff.jpg')]) != hash_ids(['?.jpg'])
