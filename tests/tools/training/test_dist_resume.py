"""Two ranks of CIFAR-10's BYOL through the hand-over, killed and resumed."""
from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from calls import ROOT, shell
from fatal_hook import trace
from hosts import CONFIGS, HOSTS, hand_over_after, small_arguments

from mmrela.engine import latest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
EPOCH, END = 8, 24  # steps: 64 images on two ranks, in batches of four each
SWITCH = 10  # then come the two batches in flight, in mid-epoch
# By full names: what --cfg-options add to custom_imports is not imported.
TRACE = dict(default_hooks__trace__type='fatal_hook.TraceHook')
FATAL = dict(default_hooks__fatal__type='fatal_hook.FatalHook')


def train(cifar_root: Path, work_dir: Path, *more: str, **options):
    return shell(
        'bash', 'tools/dist_train.sh', CONFIGS / HOSTS['BYOL'][0], 2, *more,
        *small_arguments(
            'BYOL', cifar_root, work_dir, train_cfg__max_epochs=END // EPOCH,
            train_dataloader__batch_size=4, train_dataloader__num_workers=1,
            train_dataloader__prefetch_factor=2,
            **hand_over_after(SWITCH, END)),
        *(f'{key.replace("__", ".")}={value}'
          for key, value in (TRACE | options).items()),
        PYTHONPATH=f'{ROOT}:{ROOT / "tests"}')


def outcome(work_dir: Path) -> tuple:
    """What each rank saw, when λ fell, and the weights."""
    summary = json.loads((work_dir / 'train.json').read_text())
    checkpoint = torch.load(work_dir / 'epoch_3.pth', weights_only=True)
    return ([trace(work_dir, rank) for rank in range(2)],
            summary['switch_step'], checkpoint['state_dict'])


@pytest.fixture(scope='module')
def whole(cifar_root, tmp_path_factory) -> tuple:
    work_dir = tmp_path_factory.mktemp('whole') / 'work'
    done = train(cifar_root, work_dir)
    assert done.returncode == 0, done.stderr
    return outcome(work_dir)


def test_both_ranks_hand_over_at_the_same_step(whole):
    traces, switch, _ = whole
    assert switch == SWITCH
    for rows in traces:
        assert list(rows) == list(range(END))
        assert [is_rela for is_rela, *_ in rows.values()] == (
            [True] * (SWITCH + 2) + [False] * (END - SWITCH - 2))
    for start in range(0, END, EPOCH):
        seen = [i for rows in traces for step in range(start, start + EPOCH)
                for i in rows[step][1]]
        assert sorted(seen) == list(range(64))


@pytest.mark.parametrize('epoch', [1, 2])
def test_stopped_after_an_epoch_it_ends_the_same(epoch, whole, cifar_root,
                                                 tmp_path):
    """After epoch 1 λ is still 1, after epoch 2 it is 0."""
    work_dir = tmp_path / 'work'
    # The epoch's checkpoint is there when both ranks are a step further.
    killed = train(cifar_root, work_dir, **FATAL,
                   default_hooks__fatal__step=epoch * EPOCH + 1)
    assert killed.returncode != 0
    newest = latest.newest_sound(work_dir)
    assert newest == f'{work_dir}/epoch_{epoch}.pth'
    resumed = train(cifar_root, work_dir, '--resume')
    assert resumed.returncode == 0, resumed.stderr
    assert f'resuming from {newest}' in resumed.stdout + resumed.stderr
    traces, switch, weights = outcome(work_dir)
    assert (traces, switch) == whole[:2]
    assert weights.keys() == whole[2].keys()
    assert all(torch.equal(v, whole[2][key]) for key, v in weights.items())
