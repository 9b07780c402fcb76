"""An epoch's seconds are told by what took them, and waited for by nobody."""
from __future__ import annotations

import re
import time
from types import SimpleNamespace

import pytest
from hosts import hand_over_after, small_config
from recorder import train

from mmrela.engine.hooks import SecondsHook


def epoch(hook, runner, steps=3):
    """Steps of 1 s loading, 2 s loss, 4 s update and 8 s of hooks."""
    hook.before_train(runner)
    hook.before_train_epoch(runner)
    for step in range(steps):
        time.sleep(1)
        hook.before_train_iter(runner, step, data_batch=None)
        time.sleep(2)
        runner.optim_wrapper.update_params('loss')
        time.sleep(8)
        hook.after_train_iter(runner, step, data_batch=None, outputs=None)
    hook.after_train_epoch(runner)


def fake_runner():
    said, updates = [], []

    def update(loss):
        updates.append(loss)
        time.sleep(4)

    return SimpleNamespace(
        cfg={}, epoch=6,
        optim_wrapper=SimpleNamespace(update_params=update),
        logger=SimpleNamespace(info=said.append), said=said, updates=updates)


def test_the_line_of_an_epoch(clock):
    runner = fake_runner()
    epoch(SecondsHook(), runner)
    assert runner.updates == ['loss'] * 3
    assert runner.said == ['Epoch 7 took 45.0 s: data 3.0, forward 6.0, '
                           'backward 12.0, λ and other hooks 24.0']


class Event:
    """Stands for a GPU's: it has passed when ``Event.done`` says so."""
    done, waits = False, 0

    def __init__(self, enable_timing):
        assert enable_timing

    def record(self):
        self.at = time.perf_counter()

    def query(self):
        return Event.done

    def synchronize(self):
        Event.waits += 1

    def elapsed_time(self, other):
        assert Event.done or Event.waits
        return 1000 * (other.at - self.at)


@pytest.mark.parametrize('done', [False, True])
def test_events_are_read_when_they_have_passed(clock, monkeypatch, done):
    """The host waits for the last steps alone, when the epoch ends."""
    monkeypatch.setattr('torch.cuda.is_available', lambda: True)
    monkeypatch.setattr('torch.cuda.Event', Event)
    monkeypatch.setattr(Event, 'done', done)
    monkeypatch.setattr(Event, 'waits', 0)
    runner = fake_runner()
    epoch(SecondsHook(), runner)
    assert 'data 3.0, forward 6.0, backward 12.0' in runner.said[0]
    assert Event.waits == (0 if done else 3)


def test_each_epoch_of_a_training_has_its_line(cifar_root, tmp_path):
    train(small_config(
        'SimSiam', cifar_root, tmp_path / 'run', train_cfg__max_epochs=2,
        train_dataloader__dataset__indices=16, log_level='INFO',
        **hand_over_after(1, 4)))
    file, = (tmp_path / 'run').glob('*/*.log')
    lines = re.findall(r'Epoch (\d) took ([\d.]+) s: data ([\d.]+), forward '
                       r'([\d.]+), backward ([\d.]+), λ and other hooks '
                       r'([\d.]+)', file.read_text('utf-8'))
    assert [line[0] for line in lines] == ['1', '2']
    for line in lines:
        whole, *parts = map(float, line[1:])
        assert sum(parts) == pytest.approx(whole, abs=0.26)
