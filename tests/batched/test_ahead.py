"""Batches whose views lack their colours."""
from __future__ import annotations

import numpy as np
import pytest
import torch
from mmengine.dataset import default_collate
from mmpretrain.models.utils import SelfSupDataPreprocessor

from mmrela.batched.ahead import ViewBatch, ViewCollate, finish_views
from mmrela.batched.steps.known import Blur, Jitter, Solarize
from mmrela.batched.steps.step import Chance, Series
from mmrela.batched.views import ViewSteps
from mmrela.errors import UserError

CPU = torch.device('cpu')
JITTER = Chance(0.8, Jitter([(0.6, 1.4)] * 3 + [(-0.1, 0.1)]))
STEPS = ViewSteps([Series((JITTER, Blur((0.1, 2.0)))),
                   Series((JITTER, Chance(0.5, Solarize((128, 128))))),
                   Series((JITTER, ))])


def sample(seed, side=8, kind=torch.uint8):
    """One with two views of a size and one of another."""
    generator = torch.Generator().manual_seed(seed)
    views = [torch.randint(256, (3, side, side), generator=generator).to(kind)
             for side in (side, side, 5)]
    return dict(inputs=views, data_samples=f'sample {seed}',
                left=(STEPS, np.int64(seed)))


def batch(*seeds):
    return ViewCollate(default_collate)([sample(seed) for seed in seeds])


def test_a_sample_is_the_same_in_any_batch():
    together = batch(3, 1, 4, 1)['inputs'].views(CPU)
    assert [view.shape for view in together] == [
        (4, 3, 8, 8), (4, 3, 8, 8), (4, 3, 5, 5)]
    for row, seed in enumerate((3, 1, 4, 1)):
        alone = batch(seed)['inputs'].views(CPU)
        assert all(torch.equal(mine[row], other[0])
                   for mine, other in zip(together, alone))


def test_hooks_see_the_views_and_the_rest_as_before():
    data = batch(3, 1)
    assert [*data] == ['inputs', 'data_samples']
    assert data['data_samples'] == ['sample 3', 'sample 1']
    for number, view in enumerate(data['inputs']):
        assert torch.equal(view[1], sample(1)['inputs'][number])


def test_the_preprocessor_gets_complete_views_as_often_as_it_asks():
    data = batch(*range(6))
    preprocessor = SelfSupDataPreprocessor(mean=[1.] * 3, std=[2.] * 3)
    preprocessor.register_forward_pre_hook(finish_views)
    complete = data['inputs'].views(CPU)
    for autocast in (False, True):
        with torch.autocast('cpu', torch.bfloat16, enabled=autocast):
            found = preprocessor(data, True)['inputs']
        assert all(torch.equal(mine, (view.float() - 1) / 2)
                   for mine, view in zip(found, complete))
    plain = dict(inputs=complete, data_samples=None)
    assert torch.equal(preprocessor(plain, True)['inputs'][0], found[0])
    assert isinstance(data['inputs'], ViewBatch)


def test_what_makes_no_batch_is_refused():
    collate = ViewCollate(default_collate)
    with pytest.raises(UserError, match='several sizes'):
        collate([sample(1), sample(2, side=9)])
    with pytest.raises(UserError, match='images of bytes, not torch.float'):
        collate([sample(1, kind=torch.float32)])


