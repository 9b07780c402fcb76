import os
import pickle

import pytest
import torch
from mmengine.fileio import get_file_backend
from mmengine.logging import HistoryBuffer
from mmengine.runner.checkpoint import _load_checkpoint, save_checkpoint

from mmrela.engine import checkpoints
from mmrela.errors import UserError


def save(file, content=None, age=0):
    torch.save(content or dict(state_dict={}), file)
    os.utime(file, (1e9 - age, 1e9 - age))
    return file


def test_mmengine_writes_whole_files_or_none(tmp_path, monkeypatch):
    file = tmp_path / 'a.pth'
    save_checkpoint(dict(step=1), str(file))
    before = file.read_bytes()
    monkeypatch.setattr(os, 'replace', lambda *a: pytest.fail('killed'))
    with pytest.raises(pytest.fail.Exception):
        save_checkpoint(dict(step=2), str(file))
    assert file.read_bytes() == before
    monkeypatch.undo()
    save_checkpoint(dict(step=2), str(file))
    assert torch.load(file, weights_only=True) == dict(step=2)
    assert os.listdir(tmp_path) == ['a.pth']


def test_text_too(tmp_path):
    file = tmp_path / 'new' / 'last_checkpoint'
    get_file_backend(str(file)).put_text('é', str(file))
    assert file.read_text(encoding='utf-8') == 'é'


def test_newest_sound_passes_over_broken_ones(tmp_path, capsys):
    assert checkpoints.newest_sound(tmp_path) is None
    oldest = save(tmp_path / 'epoch_9.pth', age=30)
    good = save(tmp_path / 'epoch_10.pth', age=20)
    newest = save(tmp_path / 'epoch_11.pth', age=10)
    assert checkpoints.newest_sound(tmp_path) == newest
    newest.write_bytes(newest.read_bytes()[:-40])
    assert checkpoints.newest_sound(tmp_path) == good
    assert 'epoch_11.pth is damaged' in capsys.readouterr().out
    good.write_bytes(b'')
    assert checkpoints.newest_sound(tmp_path) == oldest


@pytest.mark.parametrize('name', ['best_knn_top1_epoch_2.pth', 'backbone.pth'])
def test_newest_sound_takes_what_training_goes_on_from(tmp_path, name):
    epoch = save(tmp_path / 'epoch_1.pth', age=10)
    save(tmp_path / name)
    assert checkpoints.newest_sound(tmp_path) == epoch


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
    with pytest.raises(UserError, match='--trust-checkpoint'):
        checkpoints.newest_sound(tmp_path)  # never past it, from scratch
    assert checkpoints.newest_sound(tmp_path, trusted=True) is not None
    checkpoints.trust(foreign)
    assert _load_checkpoint(foreign)['log'].data[0].tolist() == [1]
    with pytest.raises(pickle.UnpicklingError):
        _load_checkpoint(other)
