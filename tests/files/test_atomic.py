"""A reader finds all of a file or nothing."""
from __future__ import annotations

import errno
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from threading import Barrier, Thread

import pytest

from mmrela.errors import UserError
from mmrela.files.atomic import (
    remove_leftovers,
    replacing,
    write_atomically,
)


def test_files_appear_whole_or_not_at_all(tmp_path):
    file = tmp_path / 'file'
    write_atomically(file, b'old')
    with pytest.raises(TypeError):
        write_atomically(file, 'not bytes')
    assert file.read_bytes() == b'old'
    write_atomically(file, b'new')
    assert file.read_bytes() == b'new'


def test_leftovers_of_killed_writers_go_and_nothing_else(tmp_path):
    token = '0123456789abcdef'
    kept = ['epoch_1.pth', 'mine.tmp', f'{token}.tmp', f'.{token}.tmp',
            'epoch_1.pth.tmp', 'epoch_1.pth.2b.tmp', f'x.{token}0.tmp',
            f'epoch_1.pth.{token}.tmp.bak', f'x.{token.upper()}.tmp']
    for name in (*kept, f'epoch_1.pth.{token}.tmp', f'a b.{token}.tmp'):
        (tmp_path / name).write_bytes(b'some')
    (tmp_path / f'folder.{token}.tmp').mkdir()
    remove_leftovers(tmp_path)
    assert sorted(f.name for f in tmp_path.iterdir()) == sorted(
        [*kept, f'folder.{token}.tmp'])
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


@pytest.mark.parametrize('there', [True, False])
def test_a_link_stays_and_its_target_is_replaced(tmp_path, there):
    target, link = tmp_path / 'elsewhere' / 'target', tmp_path / 'link'
    link.symlink_to('elsewhere/target')
    if there:
        write_atomically(target, b'old')
    write_atomically(link, b'new')
    assert link.is_symlink() and not target.is_symlink()
    assert target.read_bytes() == link.read_bytes() == b'new'
    assert [*target.parent.iterdir()] == [target]


def test_modes_are_kept_or_the_umasks(tmp_path):
    file, plain = tmp_path / 'file', tmp_path / 'plain'
    plain.write_bytes(b'')
    write_atomically(file, b'old')
    assert file.stat().st_mode == plain.stat().st_mode
    file.chmod(0o640)
    with replacing(file) as f:
        mode = os.fstat(f.fileno()).st_mode  # before there is any content
    assert mode == file.stat().st_mode and stat.S_IMODE(mode) == 0o640


def test_a_pipe_is_written_into_and_stays(tmp_path):
    pipe, found = tmp_path / 'pipe', []
    os.mkfifo(pipe)
    reader = Thread(target=lambda: found.append(pipe.read_bytes()))
    reader.start()
    write_atomically(pipe, b'content')
    reader.join(60)
    assert found == [b'content'] and pipe.is_fifo()
    write_atomically(Path('/dev/null'), b'content')
    assert Path('/dev/null').is_char_device()


def test_threads_do_not_meet_in_one_name(tmp_path):
    """All are half-way at once; whoever ends last has the file."""
    file, half_way = tmp_path / 'file', Barrier(4)

    def write(number):
        with replacing(file) as f:
            f.write(b'%d' % number * 1000)
            half_way.wait(60)
            f.write(b'%d' % number * 1000)

    with ThreadPoolExecutor(4) as pool:
        assert [*pool.map(write, range(4))] == [None] * 4
    content = file.read_bytes()
    assert content in [b'%d' % number * 2000 for number in range(4)]
    assert [*tmp_path.iterdir()] == [file]


@pytest.mark.parametrize('call', ['open', 'fsync'])
@pytest.mark.parametrize('code, tolerated', [
    (errno.EINVAL, True), (errno.ENOTSUP, True), (errno.EACCES, True),
    (errno.EIO, False)])
def test_directories_that_cannot_be_synced(tmp_path, monkeypatch, call, code,
                                           tolerated):
    system = getattr(os, call)

    def refuse(what, *args):
        folder = what if call == 'open' else f'/proc/self/fd/{what}'
        if Path(folder).is_dir():
            raise OSError(code, os.strerror(code))
        return system(what, *args)

    monkeypatch.setattr(os, call, refuse)
    with nullcontext() if tolerated else pytest.raises(
            UserError, match='Input/output error'):
        write_atomically(tmp_path / 'file', b'new')
    assert (tmp_path / 'file').read_bytes() == b'new'


def test_a_disk_that_is_full_is_said_in_one_sentence(tmp_path):
    with pytest.raises(UserError, match='cannot write .*/full .*make room'):
        write_atomically(Path('/dev/full'), b'content')
    (tmp_path / 'folder').mkdir()
    with pytest.raises(UserError, match='folder .*directory'):
        write_atomically(tmp_path / 'folder', b'content')
    assert [*tmp_path.iterdir()] == [tmp_path / 'folder']
