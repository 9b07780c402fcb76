"""Layouts of weights, of Adam's moments and of DDP's buckets."""
from __future__ import annotations

import copy
import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hosts import hand_over_after, small_config
from mmengine.optim import OptimWrapper
from old_torch import needs_fused
from torch import nn
from train_ranks import train_on_two_ranks

from mmrela.engine.hooks import ChannelsLastHook


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(),
                         nn.Linear(16, 2))


def steps(count, model, optimizer, seed):
    images = torch.Generator().manual_seed(seed)
    for _ in range(count):
        optimizer.zero_grad()
        model(torch.randn(8, 3, 4, 4, generator=images)).square().sum(
            ).backward()
        optimizer.step()


@pytest.mark.parametrize('fused', [
    False, pytest.param(True, marks=needs_fused)])
def test_moments_follow_the_weights(fused):
    """torch 2.14.1's fused Adam on CPUs mixes up elements otherwise."""
    usual, model = network(), network()
    reference = torch.optim.AdamW(usual.parameters(), 0.1)
    optimizer = torch.optim.AdamW(model.parameters(), 0.1, fused=fused)
    steps(3, usual, reference, 1)
    model.load_state_dict(usual.state_dict())
    groups = optimizer.state_dict()['param_groups']
    optimizer.load_state_dict(copy.deepcopy(
        dict(reference.state_dict(), param_groups=groups)))
    hook = ChannelsLastHook()
    runner = SimpleNamespace(model=model,
                             optim_wrapper=OptimWrapper(optimizer))
    hook.before_run(runner)
    hook.before_train(runner)
    weight = model[0].weight
    moments = optimizer.state[weight]
    for tensor in weight, moments['exp_avg'], moments['exp_avg_sq']:
        assert tensor.stride() == (27, 1, 9, 3)
    steps(3, usual, reference, 2)
    steps(3, model, optimizer, 2)
    torch.testing.assert_close(weight, usual[0].weight, check_stride=False)


def losses(directory):
    log, = directory.glob('work/*/vis_data/scalars.json')
    return [json.loads(line)['loss'] for line in log.open()]


@pytest.mark.slow
def test_two_ranks_keep_ddps_buckets_in_step(cifar_root, tmp_path):
    options = dict(
        train_cfg__max_epochs=1, optim_wrapper__optimizer__lr=1e-4,
        optim_wrapper__optimizer__eps=1e-2, **hand_over_after(2, 4))
    layout = dict(default_hooks__layout=dict(type='ChannelsLastHook'),
                  optim_wrapper__optimizer__fused=True)
    runs = [tmp_path / name for name in ('plain', 'layout')]
    for run, extra in zip(runs, ({}, layout)):
        cfg = small_config('BYOL', cifar_root, run / 'work', **options,
                           **extra)
        cfg.dump(run / 'config.py')
    said = train_on_two_ranks(runs, tmp_path)
    assert 'Grad strides do not match' not in ''.join(said)
    ranks = [torch.load(runs[1] / f'rank{i}.pth') for i in range(2)]
    assert ranks[0]['backbone.conv1.weight'].stride()[1] == 1
    for name, value in ranks[0].items():
        assert torch.equal(value, ranks[1][name]), name
    np.testing.assert_allclose(*map(losses, runs), atol=5e-3)
