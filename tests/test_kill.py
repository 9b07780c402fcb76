"""SIGKILL at any moment of a training, then --resume."""
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from fatal_hook import trace
from hosts import hand_over_after, small_config

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow

# Four epochs of 8 steps; λ falls after step 12, batches in flight follow.
KILLS = dict(
    rela_stage=dict(step=9),
    hand_over_epoch_before=dict(step=11),
    hand_over_epoch_in_flight=dict(step=13),
    hand_over_epoch_after=dict(step=15),
    host_stage=dict(step=27),
    while_saving=dict(step=15, saving=True),
    while_saving_the_first=dict(step=0, saving=True))


def train(cifar_root, work_dir, *arguments, hooks=()):
    cfg = small_config(
        'BYOL', cifar_root, work_dir, train_cfg__max_epochs=4,
        train_dataloader__num_workers=1,
        train_dataloader__prefetch_factor=2, **hand_over_after(12, 32))
    cfg.custom_imports.imports = ['mmrela', 'fatal_hook']
    cfg.custom_hooks = [dict(type='TraceHook'), *hooks]
    work_dir.mkdir(exist_ok=True)
    file = work_dir / 'config_of_test.py'
    cfg.dump(str(file))
    return subprocess.run(
        [sys.executable, '-W', 'ignore', 'tools/train.py', str(file),
         *arguments], cwd=ROOT, capture_output=True, text=True, timeout=300,
        env=dict(os.environ, OMP_NUM_THREADS='1',
                 PYTHONPATH=f'{ROOT}:{ROOT / "tests"}'))


def weights(work_dir):
    checkpoint = torch.load(work_dir / 'epoch_4.pth', weights_only=True)
    return checkpoint['state_dict']


@pytest.fixture(scope='module')
def whole(cifar_root, tmp_path_factory):
    work_dir = tmp_path_factory.mktemp('whole') / 'work'
    done = train(cifar_root, work_dir)
    assert done.returncode == 0, done.stderr
    stages = [row[0] for row in trace(work_dir).values()]
    assert stages == [True] * 14 + [False] * 18
    return work_dir


@pytest.mark.parametrize('kill', KILLS)
def test_a_killed_training_ends_as_if_nothing_had_been(
        kill, whole, cifar_root, tmp_path):
    work_dir = tmp_path / 'work'
    killed = train(cifar_root, work_dir,
                   hooks=[dict(type='FatalHook', **KILLS[kill])])
    assert killed.returncode == -signal.SIGKILL
    resumed = train(cifar_root, work_dir, '--resume')
    assert resumed.returncode == 0, resumed.stderr
    assert trace(work_dir) == trace(whole)
    expected = weights(whole)
    for name, value in weights(work_dir).items():
        assert torch.equal(value, expected[name]), name
