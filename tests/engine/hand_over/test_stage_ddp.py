"""DDP of one stage: what becomes of that of the stage before."""
from __future__ import annotations

import gc
import weakref
from functools import partial
from types import SimpleNamespace

import pytest
import torch
from mmengine.logging import MMLogger
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import distributed, nn

from mmrela.engine.cpu_ranks import CPUDistributedDataParallel
from mmrela.engine.hand_over.stage_ddp import StageDDP


class Model(BaseModel):

    def __init__(self) -> None:
        super().__init__()
        self.backbone, self.rela_head = nn.Linear(2, 2), nn.Linear(2, 2)

    def forward(self, inputs):
        return self.backbone(inputs)

    rela_features = forward


@pytest.fixture
def one_rank(tmp_path):
    distributed.init_process_group(
        'gloo', f'file://{tmp_path}/store', rank=0, world_size=1)
    gc.collect()
    gc.disable()
    yield
    gc.enable()
    gc.collect()  # else a worker does, that is forked later, and waits for us
    distributed.destroy_process_group()


def runner_of(model, compiled=False):
    runner = SimpleNamespace(
        cfg=dict(compile=compiled), logger=MMLogger.get_instance('ddp'),
        model=CPUDistributedDataParallel(model),
        wrap_model=lambda _, model: CPUDistributedDataParallel(model))
    runner._maybe_compile = partial(Runner._maybe_compile, runner)
    runner._maybe_compile('train_step')
    return runner


@pytest.mark.parametrize('compiled', [False, dict(backend='eager')])
def test_the_old_one_is_freed_at_once(compiled, one_rank):
    """Its buckets are as large as the model, and the host needs the room."""
    runner = runner_of(Model(), compiled)
    old = weakref.ref(runner.model)
    StageDDP().enter(runner, dict(data_samples=[{}]))
    assert old() is None
    assert not runner.model.module.rela_head.weight.requires_grad


def test_a_stage_that_comes_again_has_its_own(one_rank):
    model = Model()
    model.neck = nn.Linear(2, 2)  # the host's
    runner, ddp, wraps = runner_of(model), StageDDP(keep=True), []
    rela = dict(inputs=torch.ones(2, 2), data_samples=[dict(rela_target=1)])
    for batch in (rela, dict(data_samples=[{}])) * 2:
        ddp.enter(runner, batch)
        wraps.append(runner.model)
        trained = {name.split('.')[0] for name, parameter
                   in model.named_parameters() if parameter.requires_grad}
        assert trained == {
            'backbone', 'rela_head' if batch is rela else 'neck'}
    assert wraps[0] is wraps[2] and wraps[1] is wraps[3]
    assert wraps[0] is not wraps[1]


def test_what_a_host_freezes_stays_frozen(one_rank):
    """Once, as SwAVHook its prototypes, and RELA's steps come between."""
    model = Model()
    model.neck = nn.Linear(2, 2)
    runner, ddp = runner_of(model), StageDDP(keep=True)
    rela = dict(inputs=torch.ones(2, 2), data_samples=[dict(rela_target=1)])
    host = dict(data_samples=[{}])
    for batch in (rela, host):
        ddp.enter(runner, batch)
    for trained in (False, True):
        model.neck.bias.requires_grad_(trained)
        for _ in range(2):
            ddp.enter(runner, rela)
            assert not model.neck.weight.requires_grad
            assert not model.neck.bias.requires_grad
            ddp.enter(runner, host)
            assert model.neck.weight.requires_grad
            assert model.neck.bias.requires_grad is trained
