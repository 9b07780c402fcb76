"""A reader finds all of a file or nothing."""
from __future__ import annotations

from pathlib import Path

import pytest

from mmrela.files.atomic import remove_leftovers, write_atomically


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
