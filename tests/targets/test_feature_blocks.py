"""Features on disk: what was written comes back, or one sentence why not."""
from __future__ import annotations

import os
import pickle

import numpy as np
import pytest

from mmrela.errors import UserError
from mmrela.targets import feature_blocks as module
from mmrela.targets.feature_blocks import FeatureBlocks

SAMPLES, WIDTH = 40, 3  # with blocks of 16: two full ones and one of 8


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(module, 'BLOCK', 16)


@pytest.fixture
def blocks(tmp_path, numbers) -> FeatureBlocks:
    """Written by two ranks."""
    blocks = FeatureBlocks(tmp_path / 'features', dict(samples=SAMPLES))
    blocks.claim()
    for block in range(3):
        blocks.write(block % 2, block, numbers[blocks.rows(block)])
    return blocks


def test_roundtrip(blocks, numbers):
    assert len(blocks) == 3 and blocks.todo(again=True) == []
    for rows, features in blocks:
        np.testing.assert_array_equal(features, numbers[rows])
    assert [len(rows) for rows, _ in blocks] == [16, 16, 8]


@pytest.mark.parametrize('keep', [0, 1, 20, -12, -1])
def test_torn_line_of_a_journal(blocks, numbers, keep):
    journal = blocks.directory / 'journal-0'  # of blocks 0 and 2
    first, second = journal.read_bytes().splitlines()
    journal.write_bytes(first + b'\n' + second[:keep])
    assert blocks.todo(again=False) == [2]
    blocks.write(0, 2, numbers[32:])
    assert blocks.todo(again=False) == []
    np.testing.assert_array_equal(blocks.read(2), numbers[32:])


@pytest.mark.parametrize('content', [
    b'', b'\n\n', b'\0' * 1000, pickle.dumps([1]), b'0 ' * 9999,
    b'9' * 5000 + b' ' + b'0' * 32 + b' 0 00000000', b'\xff\xfe\n1 2 3 4'
], ids=range(7))  # yapf: disable
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
], ids=range(11))  # yapf: disable
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
    numbers[20] = np.nan
    blocks.write(0, 1, numbers[16:32])
    assert blocks.todo(again=True) == [1]
    assert blocks.todo(again=False) == []
    numbers[20] = 1
    blocks.write(3, 1, numbers[16:32])  # by whatever rank
    assert blocks.todo(again=True) == []


def test_fingerprint(blocks):
    blocks.claim()
    file = blocks.directory / 'fingerprint.json'
    with pytest.raises(UserError, match='another samples .40, now 41.'):
        FeatureBlocks(blocks.directory, dict(samples=41)).claim()
    for content in (b'', b'[]', b'{}', b'[' * 200000, b'{"samples": "40"}'):
        file.write_bytes(content)
        with pytest.raises(UserError, match='fingerprint.json is damaged'):
            blocks.claim()
