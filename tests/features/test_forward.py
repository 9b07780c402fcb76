"""A prior that lies is refused at its first batch."""
from __future__ import annotations

import pytest
import torch
from test_extract import Pictures, tensor
from torch import nn

from mmrela.errors import UserError
from mmrela.features.extract import extract
from mmrela.features.images import PriorImages
from mmrela.priors import JoinedPrior, Prior


class Call(nn.Module):
    """Calls a function, and counts how often."""

    def __init__(self, function) -> None:
        super().__init__()
        self.function, self.calls = function, 0

    def forward(self, x):
        self.calls += 1
        return self.function(x)


def prior(function) -> Prior:
    return Prior('liar', Call(function), tensor, 'as it is')


def mean(x):
    return x.mean((2, 3))


def first(*functions) -> torch.Tensor:
    """Features of the first batch, by one prior or more."""
    priors = [*map(prior, functions)]
    images = PriorImages(Pictures(5), priors[0] if len(priors) == 1
                         else JoinedPrior(priors))
    return next(extract(images, None, [range(3)]))[0]


@pytest.mark.parametrize('lie, reason', [
    (lambda x: mean(x) + torch.rand(len(x), 1), 'other features for the same'),
    (lambda x: (255 * mean(x)).long(), r'torch.int64 of \[3, 3\] for 3'),
    (lambda x: mean(x) > 0.5, r'torch.bool of \[3, 3\]'),
    (lambda x: x, r'torch.float32 of \[3, 3, 8, 8\] for 3 images'),
    (lambda x: mean(x)[:2], r'torch.float32 of \[2, 3\] for 3 images'),
    (lambda x: x.mean((1, 2, 3)), r'of \[3\] for 3 images'),
    (lambda x: (mean(x), mean(x)), 'gives tuple for 3 images'),
    (lambda x: x @ x[:, :, :3], 'fails on images of 8 x 8'),
], ids=['noise', 'whole numbers', 'truth values', 'maps', 'fewer',
        'one number', 'several', 'another shape'])
def test_refused(lie, reason):
    with pytest.raises(UserError, match=f'^liar .*{reason}') as error:
        first(lie)
    assert '\n' not in str(error.value)
    with pytest.raises(UserError, match=reason):  # as a part of two
        first(mean, lie)


def test_only_the_first_batch_is_looked_at_twice():
    model = prior(mean)
    batches = [range(0, 2), range(2, 4), range(4, 5)]
    images = PriorImages(Pictures(5), model)
    assert len([*extract(images, None, batches)]) == 3
    assert model.model.calls == 4


def test_rounding_is_no_lie():
    torch.manual_seed(0)
    assert first(lambda x: mean(x) * (1 + 1e-5 * torch.rand(1))
                 ).shape == (3, 3)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16,
                                   torch.float64])
def test_any_floats_do(dtype):
    found = first(lambda x: mean(x).to(dtype))
    assert found.dtype == torch.float32
