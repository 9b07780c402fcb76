"""SIGKILL at any moment of a training, then --resume."""
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from fatal_hook import trace
from hosts import small_config

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow

# Four epochs of 8 steps, each on half of the images; λ falls after step 12,
# batches in flight follow.
KILLS = dict(
    rela_stage=dict(step=9),
    hand_over_epoch_before=dict(step=11),
    hand_over_epoch_in_flight=dict(step=13),
    hand_over_epoch_after=dict(step=15),
    host_stage=dict(step=27),
    while_saving=dict(step=15, saving='write'),
    while_saving_the_first=dict(step=0, saving='write'),
    saved_without_a_name=dict(step=15, saving='rename'))
# Algorithm 1 with averages so fast that λ falls then: ℓ_s, from 2, comes
# down to ℓ_f, near 1, whatever the losses.
RULE = dict(type='AdaptiveLambda', slow_momentum=0.7, threshold=0.984)


def train(cifar_root, work_dir, *arguments, hooks=()):
    cfg = small_config(
        'BYOL', cifar_root, work_dir, train_cfg__max_epochs=4,
        train_dataloader__num_workers=1, train_dataloader__prefetch_factor=2,
        train_dataloader__dataset__indices=128,
        train_dataloader__sampler__ratio=0.5,
        default_hooks__rela__schedule=RULE)
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
    stages, samples, rules = zip(*trace(work_dir).values())
    assert stages == (True, ) * 14 + (False, ) * 18
    assert [rule['lam'] for rule in rules] == [1] * 12 + [0] * 20
    assert len({rule['fast'] for rule in rules}) == 13
    shares = [{*sum(samples[i:i + 8], [])} for i in range(0, 32, 8)]
    assert [len(share) for share in shares] == [64] * 4
    assert len({frozenset(share) for share in shares}) == 4
    return work_dir


@pytest.mark.parametrize('kill', KILLS)
def test_a_killed_training_ends_as_if_nothing_had_been(
        kill, whole, cifar_root, tmp_path):
    work_dir = tmp_path / 'work'
    killed = train(cifar_root, work_dir,
                   hooks=[dict(type='FatalHook', **KILLS[kill])])
    assert killed.returncode == -signal.SIGKILL
    assert len([*work_dir.glob('*.tmp')]) == ('saving' in KILLS[kill])
    resumed = train(cifar_root, work_dir, '--resume')
    assert resumed.returncode == 0, resumed.stderr
    assert trace(work_dir) == trace(whole)
    expected = weights(whole)
    for name, value in weights(work_dir).items():
        assert torch.equal(value, expected[name]), name
    assert [*work_dir.glob('*.tmp')] == []
