"""DDP of one stage: what becomes of that of the stage before."""
from __future__ import annotations

import gc
import weakref
from functools import partial
from types import SimpleNamespace

import pytest
from mmengine.logging import MMLogger
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import distributed, nn

from mmrela.engine.cpu_ranks import CPUDistributedDataParallel
from mmrela.engine.hooks.stage_ddp import StageDDP


class Model(BaseModel):

    def __init__(self) -> None:
        super().__init__()
        self.backbone, self.rela_head = nn.Linear(2, 2), nn.Linear(2, 2)

    def forward(self, inputs):
        return self.backbone(inputs)


@pytest.fixture
def one_rank(tmp_path):
    distributed.init_process_group(
        'gloo', f'file://{tmp_path}/store', rank=0, world_size=1)
    gc.collect()
    gc.disable()
    yield
    gc.enable()
    distributed.destroy_process_group()


@pytest.mark.parametrize('compiled', [False, dict(backend='eager')])
def test_the_old_one_is_freed_at_once(compiled, one_rank):
    """Its buckets are as large as the model, and the host needs the room."""
    runner = SimpleNamespace(
        cfg=dict(compile=compiled), logger=MMLogger.get_instance('ddp'),
        model=CPUDistributedDataParallel(Model()),
        wrap_model=lambda _, model: CPUDistributedDataParallel(model))
    runner._maybe_compile = partial(Runner._maybe_compile, runner)
    runner._maybe_compile('train_step')
    old = weakref.ref(runner.model)
    StageDDP().enter(runner, dict(data_samples=[{}]))
    assert old() is None
    assert not runner.model.module.rela_head.weight.requires_grad
