"""What a training does around its steps."""
from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from calls import call
from hosts import small_config
from mmengine.logging import HistoryBuffer

from _lib.training import run

STALE = 'epoch_3.pth.0123456789abcdef.tmp'


@pytest.mark.parametrize('first', [True, False])
def test_rank_0_removes_what_a_killed_training_left(
        first, cifar_root, tmp_path, monkeypatch):
    work_dir = tmp_path / 'work'
    file = tmp_path / 'config_of_test.py'
    small_config('BYOL', cifar_root, work_dir, train_cfg__max_epochs=1,
                 train_dataloader__dataset__indices=8).dump(str(file))
    work_dir.mkdir()
    (work_dir / STALE).write_bytes(b'half of a checkpoint')
    (work_dir / 'mine.tmp').write_bytes(b'a note')
    monkeypatch.setattr(run, 'is_main_process', lambda: first)
    assert call('train', file, '--resume') == 0
    there = {f.name for f in work_dir.iterdir()}
    assert {'epoch_1.pth', 'mine.tmp'} < there
    assert (STALE in there) is not first


def test_training_time_counts_the_steps_before_a_resume(tmp_path):
    times = HistoryBuffer([2., 4., 3.], [1, 1, 1])
    run.write_summary(SimpleNamespace(
        work_dir=tmp_path, iter=3, hooks=[], seed=5,
        message_hub=SimpleNamespace(log_scalars={'train/time': times})))
    summary = json.loads((tmp_path / 'train.json').read_text())
    assert summary['train_seconds'] == 9 and summary['steps'] == 3
    assert summary['seed'] == 5 and summary['threads'] >= 1
