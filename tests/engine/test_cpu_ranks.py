"""Ranks without a GPU, and one process that needs none of it."""
from __future__ import annotations

import pytest
import torch
from torch import distributed, nn

from mmrela.engine import cpu_ranks


@pytest.fixture
def one_rank(tmp_path):
    distributed.init_process_group(
        'gloo', f'file://{tmp_path}/store', rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


def test_cpu_ddp_trains_what_has_sync_bn(one_rank):
    """One step on one rank is that of the same model with plain BN."""
    layers = nn.Conv2d(3, 4, 3), nn.SyncBatchNorm(4), nn.Conv2d(4, 1, 3)
    plain = nn.Sequential(layers[0], nn.BatchNorm2d(4), layers[2])
    x = torch.randn(5, 3, 8, 8)
    expected = torch.autograd.grad(
        plain(x).square().sum(), list(plain.parameters()))
    model = cpu_ranks.CPUDistributedDataParallel(nn.Sequential(*layers))
    model(x).square().sum().backward()
    assert not any(isinstance(m, nn.SyncBatchNorm) for m in model.modules())
    assert list(model.module.state_dict()) == list(plain.state_dict())
    for weight, gradient in zip(model.parameters(), expected):
        torch.testing.assert_close(weight.grad, gradient)


def test_one_process_needs_no_group():
    cfg = dict(launcher='none')
    cpu_ranks.init_cpu_ranks(cfg)
    assert not distributed.is_initialized()
    assert cfg == dict(launcher='none')
