"""What a training does around its steps."""
from __future__ import annotations

import pytest
from calls import call
from hosts import small_config

import train

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
    monkeypatch.setattr(train, 'is_main_process', lambda: first)
    assert call('train', file, '--resume') == 0
    there = {f.name for f in work_dir.iterdir()}
    assert {'epoch_1.pth', 'mine.tmp'} < there
    assert (STALE in there) is not first
