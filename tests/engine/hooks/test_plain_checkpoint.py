import copy
from collections import OrderedDict

import numpy as np
import pytest
import torch
from hosts import hand_over_after, small_config
from mmengine.hooks import CheckpointHook
from mmengine.logging import HistoryBuffer
from mmengine.runner import Runner

from mmrela.engine.checkpoints import AtomicLocalBackend
from mmrela.engine.hooks import PlainCheckpointHook

PLAIN = {dict, OrderedDict, list, tuple, str, int, float, bool, type(None),
         torch.Tensor}


@pytest.fixture(scope='module')
def trained(cifar_root, tmp_path_factory):
    """A runner after 8 steps and the file that it saved.

    λ falls after 3 of them, and somebody's metric is a numpy scalar.
    """
    work_dir = tmp_path_factory.mktemp('plain') / 'work'
    cfg = small_config('BYOL', cifar_root, work_dir, train_cfg__max_epochs=1,
                       **hand_over_after(3, 8))
    runner = Runner.from_cfg(cfg)
    runner.message_hub.update_info('best_score', np.float32(0.5))
    runner.train()
    return runner, work_dir / 'epoch_1.pth'


def leaves(value, path='checkpoint'):
    """Each object within nested containers, with where it stands."""
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield f'{path}, a key', key
            yield from leaves(item, f'{path}[{key!r}]')
    elif isinstance(value, (list, tuple)):
        for i, item in enumerate(value):
            yield from leaves(item, f'{path}[{i}]')


def through_a_file(checkpoint, file):
    """What comes back from a file that nobody trusts."""
    hook = PlainCheckpointHook()
    hook.before_save_checkpoint(None, checkpoint)
    torch.save(checkpoint, file)
    loaded = torch.load(file, weights_only=True)
    hook.after_load_checkpoint(None, loaded)
    return loaded


def state(buffer):
    values, counts = buffer.data
    return values.tolist(), counts.tolist(), buffer.max_length


def test_checkpoint_of_a_run_is_plain(trained):
    checkpoint = torch.load(trained[1], weights_only=True)
    found = dict(leaves(checkpoint))
    assert {p: type(v) for p, v in found.items() if type(v) not in PLAIN} == {}
    assert len(found) > 500
    assert checkpoint['message_hub']['runtime_info']['best_score'] == 0.5


def test_checkpoints_of_a_run_are_written_whole(trained):
    hook, = (h for h in trained[0].hooks if isinstance(h, CheckpointHook))
    assert isinstance(hook.file_backend, AtomicLocalBackend)
    assert hook.backend_args == dict(backend='mmrela_atomic')


def test_log_of_a_run_comes_back(trained):
    runner, file = trained
    checkpoint = torch.load(file, weights_only=True)
    PlainCheckpointHook().after_load_checkpoint(None, checkpoint)
    log = checkpoint['message_hub']['log_scalars']
    assert {k: state(v) for k, v in log.items()} == {
        k: state(v) for k, v in runner.message_hub.log_scalars.items()}
    assert len(log['train/loss'].data[0]) == 8 - 3  # the host's alone


def test_dropped_scalars_leave_no_keys(trained):
    """A message hub would warn at each of them when it resumes."""
    checkpoint = torch.load(trained[1], weights_only=True)
    PlainCheckpointHook().after_load_checkpoint(None, checkpoint)
    hub = checkpoint['message_hub']
    assert 'train/rela_loss' not in hub['resumed_keys']
    known = {*hub['log_scalars'], *hub['runtime_info']}
    assert known == set(hub['resumed_keys'])


def test_the_running_log_keeps_its_buffers(trained):
    runner, _ = trained
    buffers = runner.message_hub.log_scalars.values()
    assert {type(buffer) for buffer in buffers} == {HistoryBuffer}


@pytest.mark.parametrize('buffer', [
    HistoryBuffer(),
    HistoryBuffer([0.1, -2.5e-300, float('inf')], [1, 2, 3]),
    HistoryBuffer([1., 2.], [4, 8], max_length=2),
    HistoryBuffer([1, 0], [1, 1]),
], ids=['empty', 'floats', 'full', 'integers'])
def test_buffer_round_trip(buffer, tmp_path):
    hub = dict(log_scalars=dict(x=buffer), runtime_info={}, resumed_keys={})
    expected = copy.deepcopy(buffer)
    loaded = through_a_file(dict(message_hub=hub), tmp_path / 'file.pth')
    got = loaded['message_hub']['log_scalars']['x']
    assert state(got) == state(expected)
    assert got.data[0].dtype == expected.data[0].dtype
    for b in (got, expected):
        b.update(7., 5)
    assert state(got) == state(expected)
    assert got.mean() == expected.mean() and got.current() == 7


def test_checkpoint_of_plain_mmengine_is_left_alone():
    """Such a file was trusted by whoever loaded it."""
    log = dict(loss=HistoryBuffer([1., 2.], [1, 1]), lr=HistoryBuffer())
    checkpoint = dict(meta=dict(epoch=1), message_hub=dict(
        log_scalars=dict(log), runtime_info=dict(epoch=1),
        resumed_keys=dict(loss=True)))
    before = copy.deepcopy(checkpoint)
    PlainCheckpointHook().after_load_checkpoint(None, checkpoint)
    after = checkpoint['message_hub'].pop('log_scalars')
    before['message_hub'].pop('log_scalars')
    assert checkpoint == before
    assert after.keys() == log.keys()
    assert all(after[key] is log[key] for key in log)


def test_adams_counters_come_back_on_the_cpu(monkeypatch):
    """No GPU here: a counter tells that it was asked to move."""
    step, other = torch.tensor(3.), torch.zeros(2)
    moved = []
    monkeypatch.setattr(torch.Tensor, 'cpu',
                        lambda tensor: moved.append(tensor) or 'on the CPU')
    state = {0: dict(step=step, exp_avg=other), 1: dict(momentum=other)}
    PlainCheckpointHook().after_load_checkpoint(
        None, dict(optimizer=dict(state=state)))
    assert state[0]['step'] == 'on the CPU' and moved == [step]
    assert state[0]['exp_avg'] is other and state[1]['momentum'] is other


@pytest.mark.parametrize('checkpoint', [
    dict(state_dict={}), dict(message_hub={})])
def test_checkpoint_without_a_log(checkpoint):
    before = copy.deepcopy(checkpoint)
    PlainCheckpointHook().after_load_checkpoint(None, checkpoint)
    assert checkpoint == before
