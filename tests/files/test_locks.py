"""Two processes, one directory."""
import errno
import os
import resource
import signal
import subprocess
import sys
import time

import pytest

from mmrela.errors import UserError
from mmrela.files import locks
from mmrela.files.locks import alone, locked


@pytest.fixture
def fork():
    """Call something in a child process; how it ended."""
    def child(work) -> int:
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                code = int(work() or 0)
            finally:
                os._exit(code)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    return child


def is_free(file) -> bool:
    with locked(file) as lock:
        return lock is not None


def test_one_at_a_time(tmp_path, fork):
    file = tmp_path / 'new' / 'lock'
    with locked(file) as lock:
        assert lock is not None
        assert file.read_text().startswith(f'process {os.getpid()} on ')
        assert fork(lambda: is_free(file)) == 0
        assert file.exists()
    assert not file.exists()
    assert fork(lambda: is_free(file)) == 1


@pytest.mark.parametrize('kind', ['fork', 'program'])
def test_a_killed_process_leaves_it(tmp_path, fork, kind):
    """A program that was given the lock has it on."""
    file = tmp_path / 'lock'

    def dies():
        with locked(file) as lock:
            if kind == 'fork':
                if os.fork() == 0:
                    time.sleep(3)
                    os._exit(0)
            else:
                subprocess.Popen(
                    [sys.executable, '-c', 'import time; time.sleep(3)'],
                    pass_fds=[lock])
            os.kill(os.getpid(), signal.SIGKILL)

    assert fork(dies) == -signal.SIGKILL
    assert file.exists()
    assert is_free(file) is (kind == 'fork')
    end = time.monotonic() + 60
    while not is_free(file):
        assert time.monotonic() < end
        time.sleep(.1)
    assert not file.exists()


def test_who_waits_gets_it_next(tmp_path, fork):
    """Though the one before removes the file."""
    file, ended = tmp_path / 'lock', tmp_path / 'ended'

    def lets_go_later(held):
        with locked(file):
            held.close()
            time.sleep(.3)
            ended.touch()

    def both():
        begun, held = map(os.fdopen, os.pipe(), 'rw')
        if os.fork() == 0:
            begun.close()
            try:
                lets_go_later(held)
            finally:
                os._exit(0)
        held.close()
        begun.read()
        with locked(file, wait=True) as lock:
            return lock is not None and ended.exists()

    assert fork(both) == 1
    assert not file.exists()


def test_a_file_that_its_owner_has_removed_counts_no_more(
        tmp_path, monkeypatch):
    file, opened = tmp_path / 'lock', []

    def take(handle, wait):
        opened.append(handle)
        if len(opened) == 1:  # the owner goes, the next one comes
            file.unlink()
            file.touch()
        return True

    monkeypatch.setattr(locks, '_take', take)
    with locked(file) as lock:
        assert len(opened) == 2 and opened[0].closed
        assert os.path.samestat(os.fstat(lock), file.stat())


@pytest.mark.parametrize('code', [errno.ENOLCK, errno.ENOTSUP, errno.EINVAL])
def test_a_file_system_without_locks(tmp_path, monkeypatch, code):
    def refuse(*args, **kwargs):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(locks, 'lock_descriptor', refuse)
    with alone(tmp_path, 'wait'), alone(tmp_path, 'wait'):
        pass


def test_alone(tmp_path, fork):
    def second():
        with pytest.raises(UserError, match=(
                f'^process {parent} on .+ is writing to {tmp_path}: wait$')):
            with alone(tmp_path, 'wait'):
                pass
        return 7

    parent = os.getpid()
    with alone(tmp_path, 'wait'):
        assert fork(second) == 7
    assert [*tmp_path.iterdir()] == []


def test_a_full_disk_is_no_matter_of_the_lock(tmp_path, fork):
    """It raised when it was let go, in place of the caller's sentence."""
    def work():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        with alone(tmp_path, 'wait'):
            pass
        return 7

    assert fork(work) == 7


def test_a_place_that_cannot_be_written_to_needs_no_lock(tmp_path):
    (tmp_path / 'file').touch()
    with alone(tmp_path / 'file' / 'store', 'wait'):
        pass
