import json
import os
import pickle
from concurrent.futures import ThreadPoolExecutor

import mmengine
import pytest
import torch
from mmengine.fileio import get_file_backend
from mmengine.hooks import CheckpointHook
from mmengine.logging import HistoryBuffer
from mmengine.runner.checkpoint import _load_checkpoint, save_checkpoint

from mmrela.engine import checkpoints
from mmrela.errors import UserError

BACKEND = dict(backend='mmrela_atomic')


def save(file, content=None, age=0):
    torch.save(content or dict(state_dict={}), file)
    os.utime(file, (1e9 - age, 1e9 - age))
    return file


@pytest.fixture
def backend():
    return get_file_backend(backend_args=BACKEND)


def test_checkpoints_are_written_whole_or_not(tmp_path, monkeypatch):
    file = tmp_path / 'new' / 'a.pth'
    save_checkpoint(dict(step=1), str(file), backend_args=BACKEND)
    before = file.read_bytes()
    monkeypatch.setattr(os, 'replace', lambda *a: pytest.fail('killed'))
    with pytest.raises(pytest.fail.Exception):
        save_checkpoint(dict(step=2), str(file), backend_args=BACKEND)
    assert file.read_bytes() == before
    monkeypatch.undo()
    save_checkpoint(dict(step=2), str(file), backend_args=BACKEND)
    assert torch.load(file, weights_only=True) == dict(step=2)
    assert os.listdir(file.parent) == ['a.pth']


def test_text_too(tmp_path, backend):
    file = tmp_path / 'new' / 'last_checkpoint'
    backend.put_text('é', str(file))
    assert file.read_text(encoding='utf-8') == 'é'


@pytest.mark.parametrize('settings, changed', [
    ({}, True), (dict(out_dir='/elsewhere'), True),
    (dict(backend_args=dict(backend='local')), False),
    (dict(file_client_args=dict(backend='disk')), False),
    (dict(out_dir='https://host/folder'), False)])
def test_hooks_that_write_elsewhere_are_left_alone(settings, changed):
    hook = CheckpointHook(**settings)
    checkpoints.write_whole(hook, '/work_dir')
    expected = BACKEND if changed else settings.get('backend_args')
    assert hook.backend_args == expected


@pytest.mark.parametrize('name', ['file', 'link'])
def test_mmengines_own_files_are_written_in_place(tmp_path, name):
    """As if mmrela were not there: the same inode, mode and link."""
    file, link = tmp_path / 'file', tmp_path / 'link'
    file.write_text('old and longer')
    file.chmod(0o640)
    link.symlink_to('file')
    before = file.stat().st_ino, file.stat().st_mode
    mmengine.dump([1], str(tmp_path / name), file_format='json')
    assert (file.stat().st_ino, file.stat().st_mode) == before
    assert link.is_symlink() and json.loads(file.read_text()) == [1]


def test_mmengine_writes_into_pipes(tmp_path):
    pipe = tmp_path / 'pipe'
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(pipe.read_text)
        mmengine.dump([1], str(pipe), file_format='json')
        assert json.loads(found.result(60)) == [1]
    assert pipe.is_fifo()


def test_mmengine_writes_one_file_from_four_threads(tmp_path):
    def dump(number):
        for _ in range(50):
            mmengine.dump([number], str(tmp_path / 'a.json'))

    with ThreadPoolExecutor(4) as pool:
        assert [*pool.map(dump, range(4))] == [None] * 4
    assert os.listdir(tmp_path) == ['a.json']


def test_mmengines_errors_are_its_own(tmp_path):
    with pytest.raises(IsADirectoryError):
        mmengine.dump([1], str(tmp_path), file_format='json')


@pytest.mark.parametrize('content', [b'', b'nonsense', pickle.dumps([1])])
def test_damaged_files_are_refused_in_one_sentence(tmp_path, content):
    file = tmp_path / 'x.pth'
    file.write_bytes(content)
    with pytest.raises(UserError, match='x.pth') as e:
        checkpoints.require_sound(file)
    assert '\n' not in str(e.value)


def test_the_format_before_torch_1_6_is_sound(tmp_path):
    file = tmp_path / 'old.pth'
    torch.save(dict(state_dict={}), file, _use_new_zipfile_serialization=False)
    checkpoints.require_sound(file)


def test_missing(tmp_path):
    with pytest.raises(UserError, match='no checkpoint at'):
        checkpoints.require_sound(tmp_path / 'none.pth')


def test_pickled_objects_need_trust_in_that_one_file(tmp_path):
    foreign, other = (
        str(save(tmp_path / name, dict(log=HistoryBuffer([number], [1]))))
        for name, number in (('epoch_1.pth', 1), ('iter_2.pth', 2)))
    with pytest.raises(UserError, match='--trust-checkpoint'):
        checkpoints.require_sound(foreign)
    checkpoints.trust(foreign)
    assert _load_checkpoint(foreign)['log'].data[0].tolist() == [1]
    with pytest.raises(pickle.UnpicklingError):
        _load_checkpoint(other)
