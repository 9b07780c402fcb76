"""The manifest: one writer and one reader, whose file others can read."""
from __future__ import annotations

import json
from dataclasses import replace

import pytest

from mmrela.errors import UserError
from mmrela.targets import Manifest

WHOLE = Manifest(
    40, 3, 'float32', '0' * 32, dict(name='random:0', weights='1'),
    dict(normalize='center', variance_kept=0.9), ((7, 'a/7.png'), (9, 'é')),
    1.5, 0.2, ('2' * 32, ))


@pytest.mark.parametrize('manifest', [
    WHOLE, Manifest(40, 3), replace(WHOLE, skipped=(), pca_seconds=None),
    replace(WHOLE, views=4)], ids=['whole', 'least', 'between', 'views'])
def test_what_is_written_is_read(tmp_path, manifest):
    manifest.write(tmp_path)
    assert Manifest.read(tmp_path) == manifest
    there = json.loads((tmp_path / 'meta.json').read_text())
    assert there == manifest.as_json()


def test_file_is_what_other_tools_read(tmp_path):
    WHOLE.write(tmp_path)
    wanted = dict(
        samples=40, dim=3, dtype='float32', ids='0' * 32,
        prior=dict(name='random:0', weights='1'),
        pca=dict(normalize='center', variance_kept=0.9),
        skipped=[[7, 'a/7.png'], [9, 'é']], feature_seconds=1.5,
        pca_seconds=0.2, checksums=['2' * 32])
    assert (tmp_path / 'meta.json').read_text() == json.dumps(wanted, indent=1)


def test_as_many_images_may_be_skipped_as_there_are(tmp_path):
    """Some hundred thousand of a hundred million: 16 MB are too few."""
    skipped = tuple((i, f'train/{i:0100}.jpg') for i in range(2**17))
    manifest = replace(WHOLE, samples=2**17, dim=128, skipped=skipped)
    manifest.write(tmp_path)
    assert (tmp_path / 'meta.json').stat().st_size > 2**24
    with pytest.raises(UserError, match='it is too large'):
        Manifest.read(tmp_path)
    with open(tmp_path / 'targets.npy', 'wb') as f:
        f.truncate(2**17 * 128 * 2)
    assert Manifest.read(tmp_path) == manifest


def test_keys_of_other_writers_do_not_count(tmp_path):
    (tmp_path / 'meta.json').write_text(json.dumps(
        dict(note='by hand', **WHOLE.as_json(), version=[7])))
    assert Manifest.read(tmp_path) == WHOLE


def test_nobody_changes_a_manifest():
    with pytest.raises(AttributeError):
        WHOLE.samples = 41


def test_other_dtypes_are_refused_before_anything_is_written():
    with pytest.raises(ValueError, match='float16.*float32'):
        Manifest(40, 3, 'float64')
