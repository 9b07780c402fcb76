"""Features on disk: what was written comes back, or one sentence why not."""
from __future__ import annotations

import os
import pickle

import numpy as np
import pytest

from mmrela.errors import UserError
from mmrela.targets import feature_blocks
from mmrela.targets.feature_blocks import FeatureBlocks

FINGERPRINT = dict(samples=40, block=16)  # two full ones and one of 8


@pytest.fixture
def blocks(tmp_path, numbers) -> FeatureBlocks:
    """Written by two ranks."""
    blocks = FeatureBlocks(tmp_path / 'features', FINGERPRINT)
    blocks.claim()
    for block in range(3):
        write(blocks, block % 2, block, numbers)
    return blocks


def write(blocks, rank, block, features, skipped=()):
    """Write a block, out of the features of all samples."""
    rows = blocks.rows(block)
    readable = np.array([row not in skipped for row in rows])
    blocks.write(rank, block, features[rows][readable], readable)


def test_roundtrip(blocks, numbers):
    assert len(blocks) == 3 and blocks.todo(again=True) == []
    for block in blocks:
        np.testing.assert_array_equal(block.features, numbers[block.rows])
        assert block.readable.all() and block.skipped == []
    assert [len(block.rows) for block in blocks] == [16, 16, 8]


@pytest.mark.parametrize('keep', [0, 1, 20, -12, -1])
def test_torn_line_of_a_journal(blocks, numbers, keep):
    journal = blocks.directory / 'journal-0'  # of blocks 0 and 2
    first, second = journal.read_bytes().splitlines()
    journal.write_bytes(first + b'\n' + second[:keep])
    assert blocks.todo(again=False) == [2]
    write(blocks, 0, 2, numbers)
    assert blocks.todo(again=False) == []
    np.testing.assert_array_equal(blocks.read(2).features, numbers[32:])


@pytest.mark.parametrize('content', [
    b'', b'\n\n', b'\0' * 1000, pickle.dumps([1]), b'0 ' * 9999,
    b'9' * 5000 + b' ' + b'0' * 32 + b' 0 00000000', b'\xff\xfe\n1 2 3 4'
], ids=range(7))
def test_journal_of_nonsense(blocks, content):
    (blocks.directory / 'journal-0').write_bytes(content)
    assert blocks.todo(again=False) == [0, 2]


def test_huge_journal_is_not_read(blocks):
    os.truncate(blocks.directory / 'journal-1', 1 << 40)  # sparse
    with pytest.raises(UserError, match='journal-1 is damaged .*too large'):
        blocks.todo(again=False)


def npy(shape: str, descr: str, size: int) -> bytes:
    header = (f"{{'descr': '{descr}', 'fortran_order': False, "
              f"'shape': {shape}}}\n")
    return (b'\x93NUMPY\x01\x00' + len(header).to_bytes(2, 'little') +
            header.encode() + bytes(size))


@pytest.mark.parametrize('content', [
    b'', b'text', pickle.dumps(np.zeros((16, 3), np.float32)),
    npy('(16, 3)', '|O', 192), npy('(16, 3)', '<f8', 384),
    npy('(16, 3)', '<f4', 191), npy('(15, 3)', '<f4', 180),
    npy('(48,)', '<f4', 192), npy(f'(16, {10**18})', '<f4', 192),
    npy('(16, 0)', '<f4', 0), npy('(16, 3)', '<f4', 192),
], ids=range(11))
def test_damaged_block(blocks, content):
    file = blocks.directory / '00000.npy'
    file.write_bytes(content)
    with pytest.raises(UserError, match='is damaged') as caught:
        list(blocks)
    assert str(file) in str(caught.value) and '\n' not in str(caught.value)


def test_flipped_byte(blocks):
    file = blocks.directory / '00001.npy'
    content = bytearray(file.read_bytes())
    content[-7] ^= 1
    file.write_bytes(content)
    with pytest.raises(UserError, match='00001.npy .* its checksum'):
        blocks.read(1)
    file.unlink()
    assert blocks.todo(again=False) == [1]


def test_unreadable_images_are_tried_again(blocks, numbers):
    write(blocks, 0, 1, numbers, skipped=[20])
    assert blocks.todo(again=True) == [1]
    assert blocks.todo(again=False) == []
    write(blocks, 3, 1, numbers)  # by whatever rank
    assert blocks.todo(again=True) == []


@pytest.mark.parametrize('again', [True, False])
def test_a_kill_before_the_journal_knows(blocks, numbers, again, monkeypatch):
    """Of the call that tries unreadable images again."""
    write(blocks, 0, 1, numbers, skipped=[20])
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(feature_blocks, 'record', interrupt)
        write(blocks, 0, 1, numbers + 1)
    assert blocks.todo(again) == [1]
    write(blocks, 0, 1, numbers + 1)
    assert blocks.todo(again) == []
    assert (blocks.read(1).features == numbers[16:32] + 1).all()


def interrupt(*_) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize('skipped', [[16], [20, 31], [*range(16, 32)]])
def test_unreadable_images_have_no_features(blocks, numbers, skipped):
    """On disk, a row of NaN stands for each."""
    write(blocks, 0, 1, numbers, skipped)
    block = blocks.read(1)
    assert block.skipped == skipped
    kept = [row for row in range(16, 32) if row not in skipped]
    assert block.readable.nonzero()[0].tolist() == [row - 16 for row in kept]
    assert block.features.shape == (len(kept), 3)
    assert (block.features == numbers[kept]).all()
    stored = np.load(blocks.directory / '00001.npy')
    assert stored.dtype == np.float32 and len(stored) == 16
    assert np.isnan(stored).all(1).nonzero()[0].tolist() == [
        row - 16 for row in skipped]
    assert np.isnan(stored).sum() == len(skipped) * stored.shape[1]


def test_fingerprint(blocks):
    blocks.claim()
    file = blocks.directory / 'fingerprint.json'
    with pytest.raises(UserError, match='another samples .40, now 41.'):
        FeatureBlocks(blocks.directory, FINGERPRINT | dict(samples=41)).claim()
    with pytest.raises(UserError, match='another block .16, now 8.'):
        FeatureBlocks(blocks.directory, FINGERPRINT | dict(block=8)).claim()
    for content in (b'', b'[]', b'{}', b'[' * 200000, b'{"samples": "40"}'):
        file.write_bytes(content)
        with pytest.raises(UserError, match='fingerprint.json is damaged'):
            blocks.claim()
    file.unlink()  # or blocks of another prior would become this one's
    with pytest.raises(UserError, match='or gone .*: remove its directory'):
        FeatureBlocks(blocks.directory, FINGERPRINT | dict(prior='b')).claim()
