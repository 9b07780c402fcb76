"""What is measured of a few steps, against formulas and a made-up clock."""
from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from _lib.training import steps
from _lib.training.steps import EnoughError, Stage, StepsHook, kept_bytes


def test_bytes_kept_for_the_backward_pass():
    net = nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 30))
    stage, images = Stage(), torch.ones(7, 10)
    with kept_bytes(net, stage):
        with torch.no_grad():
            net(images)
        assert stage.kept == 0
        net(images).sum().backward()
    # The images, and what ReLU gives, which the next layer keeps as well.
    assert stage.kept == 4 * 7 * (10 + 20)


@pytest.mark.parametrize('stage, seconds', [
    (Stage(load=2, step=3), 5), (Stage(load=12, step=3, workers=2), 6),
    (Stage(load=12, step=3, workers=8), 3)])
def test_seconds_of_a_step(stage, seconds):
    assert stage.seconds == seconds


def fake_runner(max_iters=9, accumulation=1):
    model = nn.Linear(2, 1)
    runner = SimpleNamespace(
        cfg={}, model=model, max_iters=max_iters, done=0,
        train_dataloader=SimpleNamespace(num_workers=0),
        optim_wrapper=SimpleNamespace(
            optimizer=torch.optim.SGD(model.parameters(), 1., 0.9),
            should_update=lambda: runner.done % accumulation == 0))
    return runner


def run(runner) -> Stage:
    """Steps of 1 s loading and 2 s training; the first takes 60 s more."""
    stage = Stage()
    hook = StepsHook(stage, 1)
    hook.before_train(runner)
    try:
        for _ in range(runner.max_iters):
            time.sleep(1)
            hook.before_train_iter(runner, 0, data_batch=None)
            runner.model(torch.ones(3, 2)).sum().backward()
            runner.optim_wrapper.optimizer.step()
            time.sleep(2 + 60 * (runner.done == 0))
            runner.done += 1
            hook.after_train_iter(runner, 0, data_batch=None, outputs={})
        hook.after_train(runner)
    except EnoughError:
        pass
    return stage


@pytest.mark.parametrize('max_iters, accumulation, taken', [
    (9, 1, 4), (20, 3, 6), (3, 1, 3)])
def test_the_first_step_is_not_timed(clock, max_iters, accumulation, taken):
    runner = fake_runner(max_iters, accumulation)
    stage = run(runner)
    assert (stage.load, stage.step) == (1, 2)
    assert runner.done == taken
    assert stage.kept == 4 * 3 * 2  # in the first step alone
    assert stage.state == dict(weight=8, bias=4)
    assert stage.peak > 10_000_000  # Python and torch


def test_unless_it_is_the_only_one(clock):
    stage = run(fake_runner(max_iters=1))
    assert (stage.load, stage.step) == (1, 62)


def test_workers_are_timed_before_the_steps(clock, monkeypatch):
    asked = []

    def batches(loader, size, lam, count):
        asked.append((size, lam, count))
        for n in range(count):
            time.sleep(5 if n else 30)  # the worker starts
            yield n

    monkeypatch.setattr(steps, 'first_batches', batches)
    monkeypatch.setattr(steps, 'cores', lambda: 2)
    runner = fake_runner()
    runner.train_dataloader = SimpleNamespace(
        num_workers=8, batch_sampler=SimpleNamespace(batch_size=64))
    stage = run(runner)
    assert asked == [(64, 1, 4)]
    assert (stage.load, stage.step, stage.workers) == (5, 2, 2)
    assert stage.seconds == 2.5


def test_processes_share_the_cores(monkeypatch):
    alone = steps.cores()
    monkeypatch.setenv('LOCAL_WORLD_SIZE', str(2 * alone))
    assert steps.cores() == 1
