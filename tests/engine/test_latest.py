"""Where mmengine leaves checkpoints, and which of them is resumed from."""
from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.fileio import LocalBackend, register_backend
from mmengine.fileio.backends import registry_utils
from mmengine.hooks import CheckpointHook
from mmengine.logging import HistoryBuffer
from mmengine.runner import CheckpointLoader
from mmengine.runner.checkpoint import _load_checkpoint

from mmrela.engine import checkpoints, latest
from mmrela.errors import UserError


def save(file: Path, age: int = 0, content: dict | None = None) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    torch.save(content or dict(state_dict={}), file)
    os.utime(file, (1e9 - age, 1e9 - age))
    return file


def newest(work_dir: Path, trusted: bool = False, **hook) -> Path | None:
    found = latest.newest_sound(work_dir, [hook], trusted)
    return found and Path(found)


def test_broken_ones_are_passed_over(tmp_path, capsys):
    assert newest(tmp_path) is None
    oldest = save(tmp_path / 'epoch_9.pth', 30)
    good = save(tmp_path / 'epoch_10.pth', 20)
    last = save(tmp_path / 'iter_11.pth', 10)
    (tmp_path / 'last_checkpoint').write_text(f'{last}')
    assert newest(tmp_path) == last
    last.write_bytes(last.read_bytes()[:-40])
    assert newest(tmp_path) == good
    assert capsys.readouterr().out.count('iter_11.pth is damaged') == 1
    good.write_bytes(b'')
    assert newest(tmp_path) == oldest


@pytest.mark.parametrize('name', [
    'best_knn_top1_epoch_2.pth', 'backbone.pth', 'epoch_1-0a1b2c3d.pth',
    'epoch_1.pth.0123456789abcdef.tmp'])
def test_only_what_training_goes_on_from_is_taken(tmp_path, name):
    """Best, exported and published weights, and halves, are not."""
    epoch = save(tmp_path / 'epoch_1.pth', 10)
    save(tmp_path / name)
    assert newest(tmp_path) == epoch


def test_a_best_one_is_not_even_taken_by_its_name(tmp_path):
    best = save(tmp_path / 'best_epoch_1.pth')
    (tmp_path / 'last_checkpoint').write_text(f'{best}')
    assert newest(tmp_path) is None


@pytest.mark.parametrize('template, name', [
    ('model_{}.pth', 'model_3.pth'), ('{:04d}.ckpt', '0003.ckpt'),
    ('last.pth', 'last.pth'), ('a(b)+{}.pth', 'a(b)+3.pth')])
def test_other_names(tmp_path, template, name):
    file = save(tmp_path / name)
    save(tmp_path / f'x{name}')
    assert newest(tmp_path, filename_tmpl=template) == file
    assert newest(tmp_path) is None


def test_out_dir_gets_the_work_directorys_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = save(tmp_path / 'elsewhere' / 'work' / 'epoch_1.pth')
    save(tmp_path / 'elsewhere' / 'other' / 'epoch_2.pth')
    for out_dir in ('elsewhere', 'elsewhere/', tmp_path / 'elsewhere'):
        for work_dir in ('work', 'work/', tmp_path / 'work'):
            assert newest(work_dir, out_dir=out_dir) == file
    assert newest('other/work') is None
    inside = save(tmp_path / 'work' / 'epoch_1.pth')
    assert newest('work', out_dir=str(tmp_path / 'work')) == inside


@pytest.mark.parametrize('absolute', [True, False])
def test_what_last_checkpoint_names_is_found_anywhere(
        tmp_path, monkeypatch, absolute):
    """Of a start whose config wrote elsewhere, under another name."""
    monkeypatch.chdir(tmp_path)
    file = save(tmp_path / 'old' / 'work' / 'model_7.pth')
    earlier = save(tmp_path / 'old' / 'work' / 'epoch_6.pth', 10)
    (tmp_path / 'work').mkdir()
    (tmp_path / 'work' / 'last_checkpoint').write_text(
        str(file if absolute else file.relative_to(tmp_path)) + '\n')
    assert newest(tmp_path / 'work') == file
    file.write_bytes(b'')
    assert newest(tmp_path / 'work') == earlier


def test_a_last_checkpoint_that_is_gone(tmp_path):
    """The folder was moved: the files in it are those to take."""
    file = save(tmp_path / 'epoch_1.pth')
    (tmp_path / 'last_checkpoint').write_text('/nowhere/epoch_1.pth')
    assert newest(tmp_path) == file
    (tmp_path / 'last_checkpoint').write_text('')  # killed while writing
    assert newest(tmp_path) == file


def test_a_foreign_one_needs_trust(tmp_path):
    """Never past it to an earlier one, nor afresh."""
    save(tmp_path / 'epoch_1.pth', 10)
    file = save(tmp_path / 'epoch_2.pth',
                content=dict(log=HistoryBuffer([1], [1])))
    with pytest.raises(UserError, match='--trust-checkpoint'):
        newest(tmp_path)
    assert newest(tmp_path, trusted=True) == file


def test_hooks_of_a_config():
    class Own(CheckpointHook):
        pass

    named, default = dict(type='CheckpointHook'), dict(type=CheckpointHook)
    cfg = Config(dict(
        default_hooks=dict(timer=dict(type='IterTimerHook'), none=None,
                           checkpoint=default),
        custom_hooks=[named, dict(type='NoSuchHook'), dict(type=Own)]))
    assert latest.checkpoint_hooks(cfg) == [default, named, dict(type=Own)]
    assert latest.checkpoint_hooks(Config(dict(custom_hooks=None))) == []


@pytest.fixture
def bucket(tmp_path, monkeypatch):
    """``s3://`` is a folder for a while."""
    class Bucket(LocalBackend):

        def _local(self, path):
            return str(path).replace('s3://', f'{tmp_path}/')

        def get(self, path):
            return super().get(self._local(path))

        def isdir(self, path):
            return super().isdir(self._local(path))

        def list_dir_or_file(self, path, *args, **kwargs):
            return super().list_dir_or_file(
                self._local(path), *args, **kwargs)

    for table in (registry_utils.backends, registry_utils.prefix_to_backends,
                  CheckpointLoader._schemes):
        for key, value in table.items():
            monkeypatch.setitem(table, key, value)
    register_backend('petrel', Bucket, force=True, prefixes='s3')
    return tmp_path / 'mine' / 'work'


def test_other_file_systems(bucket, tmp_path):
    """No times there: numbers tell, and ``last_checkpoint`` before them."""
    for number in (9, 10, 11):
        save(bucket / f'epoch_{number}.pth')
    save(tmp_path / 'work' / 'epoch_1.pth')

    def found(**hook):
        return latest.newest_sound(tmp_path / 'work', [hook])

    assert found() == str(tmp_path / 'work' / 'epoch_1.pth')
    last = tmp_path / 'work' / 'last_checkpoint'
    last.write_text('s3://mine/work/epoch_10.pth')
    for hook in ({}, dict(out_dir='s3://mine')):
        assert found(**hook) == 's3://mine/work/epoch_10.pth'
    save(bucket / 'epoch_10.pth').write_bytes(b'')
    assert found() == 's3://mine/work/epoch_11.pth'


def test_other_file_systems_need_trust_too(bucket, tmp_path):
    content = BytesIO()
    torch.save(dict(log=HistoryBuffer([1], [1])), content)
    bucket.mkdir(parents=True)
    file, other = (f's3://mine/work/epoch_{i}.pth' for i in (1, 2))
    for name in ('epoch_1.pth', 'epoch_2.pth'):
        (bucket / name).write_bytes(content.getvalue())
    with pytest.raises(UserError, match='s3://.*--trust-checkpoint'):
        checkpoints.require_sound(file)
    checkpoints.trust(file)
    assert _load_checkpoint(file)['log'].data[0].tolist() == [1]
    with pytest.raises(UserError, match='--trust-checkpoint'):
        checkpoints.require_sound(other)


def test_a_file_system_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match='out_dir.*petrel_client'):
        newest(tmp_path, out_dir='s3://bucket')
