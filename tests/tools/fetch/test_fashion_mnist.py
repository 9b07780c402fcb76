"""Fashion-MNIST's files from each source, all offline."""
from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest
from calls import call

from _lib.cli import ToolError
from _lib.fetch import fashion_mnist as fashion

FILES = {name: f'content of {name}'.encode() for name in fashion.MD5}


def pack(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in FILES.items():
        (folder / f'{name}.gz').write_bytes(gzip.compress(content))
    return folder


def refuse(*args) -> None:
    raise ToolError('refused')


def debian(args: list[str], cwd: Path) -> None:
    """What apt-get and dpkg-deb leave in the folder."""
    if args[0] == 'apt-get':
        (cwd / 'fashion.deb').write_bytes(b'')
    else:
        assert args == ['dpkg-deb', '-x', 'fashion.deb', '.']
        pack(cwd / fashion.DEBIAN_FOLDER)


@pytest.fixture(autouse=True)
def small_files(monkeypatch, tmp_path):
    """The checksums of a few bytes; no source works."""
    monkeypatch.setattr(fashion, 'MD5', {
        name: hashlib.md5(content).hexdigest()
        for name, content in FILES.items()})
    monkeypatch.setattr(fashion, 'URL', (tmp_path / 'nowhere').as_uri())
    monkeypatch.setattr(fashion, 'command', refuse)


def contents(root: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in root.iterdir()}


@pytest.mark.parametrize('source', ['folder', 'home page', 'Debian'])
def test_each_source(source, tmp_path, monkeypatch):
    root, folder = tmp_path / 'root', None
    if source == 'folder':
        folder = pack(tmp_path / 'packed')
    elif source == 'home page':
        monkeypatch.setattr(fashion, 'URL', pack(tmp_path / 'page').as_uri())
    else:
        monkeypatch.setattr(fashion, 'command', debian)
    said = fashion.prepare(root, folder)
    assert said.startswith(f'Fashion-MNIST is in {root}, from ')
    assert source in said or str(folder) in said
    assert contents(root) == FILES
    assert 'nothing to do' in fashion.prepare(root, None)


def test_what_is_there_is_kept_until_the_right_one_comes(tmp_path):
    root, packed = tmp_path / 'root', pack(tmp_path / 'packed')
    name = 't10k-labels-idx1-ubyte'
    pack(tmp_path / 'other')
    (tmp_path / 'other' / f'{name}.gz').write_bytes(gzip.compress(b'other'))
    with pytest.raises(ToolError, match=f'{name} has the md5'):
        fashion.prepare(root, tmp_path / 'other')
    assert fashion.missing(root) == [name]
    (tmp_path / 'other' / f'{name}.gz').write_bytes(b'no gzip')
    with pytest.raises(ToolError, match=f'cannot read .*{name}.gz'):
        fashion.prepare(root, tmp_path / 'other')
    fashion.prepare(root, packed)
    assert contents(root) == FILES


def test_no_source_works(tmp_path, capsys):
    assert call('prepare_fashion_mnist', '--root', tmp_path / 'root') == 2
    err = capsys.readouterr().err
    assert 'no source worked (the home page: ' in err
    assert 'Debian (dataset-fashion-mnist, 31 MB): refused' in err
    assert err.strip().endswith('pass their folder as --folder DIR')
