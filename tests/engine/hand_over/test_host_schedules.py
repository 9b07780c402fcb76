"""Recipes on the host's steps, against those of a run as long."""
from __future__ import annotations

import pytest
import torch
from mmengine.optim import CosineAnnealingLR, LinearLR, OptimWrapper

from mmrela.engine.hand_over.host_schedules import Lengths, of_host, warm_ups

LENGTHS = Lengths(steps=40, epochs=5, host_steps=26, host_epochs=4, batches=8)
WARM_UP = dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=4)


@pytest.mark.parametrize('entry, expected', [
    (dict(type='CosineAnnealingLR', by_epoch=False), dict(end=26)),
    (dict(type='CosineAnnealingLR', by_epoch=False, T_max=36, begin=4,
          end=40), dict(begin=4, end=26)),
    (dict(type='CosineAnnealingLR', by_epoch=False, T_max=20, end=40),
     dict(T_max=20, end=26)),
    (dict(type='CosineAnnealingLR', T_max=5, end=5), dict(end=4)),
    (dict(type='CosineAnnealingLR', end=1000), dict(end=4)),
    (dict(type='MultiStepLR', milestones=[2, 3]),
     dict(milestones=[2, 3], end=4)),
    (dict(type='OneCycleLR', by_epoch=False, eta_max=1, total_steps=40),
     dict(eta_max=1, end=26)),
    (WARM_UP, dict(start_factor=0.1, end=4)),
    (dict(type='LinearLR', begin=4, end=5), None),
    (dict(type='CosineAnnealingLR', by_epoch=False, begin=26), None),
])
def test_ends_of_the_run_become_the_hosts(entry, expected):
    given = dict(entry)
    found = of_host(entry, LENGTHS)
    if expected is not None:
        by_epoch = entry.get('by_epoch')
        expected = [dict(type=entry['type'], **expected,
                         **({} if by_epoch is None else
                            dict(by_epoch=by_epoch)))]
    assert found == (expected or [])
    assert entry == given


@pytest.mark.parametrize('steps', range(1, 40))
def test_converted_epochs_end_with_the_last_step(steps):
    """mmengine makes whole steps of epochs; 8 batches are one."""
    lengths = Lengths(40, 5, steps, -(-steps // 8), 8)
    given = dict(type='CosineAnnealingLR', T_max=5, end=5,
                 convert_to_iter_based=True)
    entry, = of_host(given, lengths)
    del entry['type'], entry['convert_to_iter_based']
    parameter = torch.nn.Parameter(torch.zeros(()))
    scheduler = CosineAnnealingLR.build_iter_from_epoch(
        OptimWrapper(torch.optim.SGD([parameter], lr=1)), epoch_length=8,
        **entry)
    assert (scheduler.end, scheduler.T_max) == (steps, steps)


def test_warm_ups_are_what_a_recipe_begins_with():
    later = dict(WARM_UP, begin=9, end=12)
    as_class = dict(WARM_UP, type=LinearLR)
    scoped = dict(WARM_UP, type='mmengine.LinearLR')
    cosine = dict(type='CosineAnnealingLR')
    given = [WARM_UP, later, as_class, scoped, cosine]
    assert warm_ups(given) == [WARM_UP, as_class, scoped]
    assert warm_ups(WARM_UP) == [WARM_UP]
    assert warm_ups(None) == []
