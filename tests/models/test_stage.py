"""The tokenizer's mean and std are for the host's second pictures alone."""
from __future__ import annotations

import pytest
import torch
from mmpretrain.models.utils import (
    SelfSupDataPreprocessor,
    TwoNormDataPreprocessor,
)
from mmpretrain.structures import DataSample

from mmrela.errors import UserError
from mmrela.models.stage import FirstNormDataPreprocessor, staged

NORMS = dict(mean=[10., 20, 30], std=[2., 4, 8], second_mean=[-40.] * 3,
             second_std=[100.] * 3, to_rgb=True)
MEAN, STD = (torch.tensor(NORMS[name]).view(3, 1, 1)
             for name in ('mean', 'std'))


def batch(views: int, rela: bool) -> dict:
    samples = [DataSample() for _ in range(2)]
    for sample in samples if rela else []:
        sample.set_field(torch.ones(4), 'rela_target')
    images = torch.randint(256, (views, 2, 3, 5, 5), dtype=torch.uint8)
    return dict(inputs=list(images), data_samples=samples)


@pytest.mark.parametrize('views', [1, 2, 3])
def test_all_of_relas_views_have_the_first_norm(views):
    data = batch(views, rela=True)
    seen = FirstNormDataPreprocessor(**NORMS)(data, True)
    assert all('rela_target' in sample for sample in seen['data_samples'])
    for view, raw in zip(seen['inputs'], data['inputs'], strict=True):
        torch.testing.assert_close(view, (raw.flip(1).float() - MEAN) / STD)


def test_the_hosts_two_pictures_are_as_mmpretrain_has_them():
    data = batch(2, rela=False)
    ours, theirs = (kind(**NORMS)(data, True)['inputs'] for kind in (
        FirstNormDataPreprocessor, TwoNormDataPreprocessor))
    assert all(map(torch.equal, ours, theirs))
    torch.testing.assert_close(
        ours[1], (data['inputs'][1].flip(1).float() + 40) / 100)


class OwnTwoNorms(TwoNormDataPreprocessor):
    """Of a user, who alone knows what it does with which picture."""


class OwnFirstNorm(FirstNormDataPreprocessor):
    """Of a user who was told."""


def test_what_is_not_known_is_refused():
    for own in (dict(NORMS, type=OwnTwoNorms), OwnTwoNorms(**NORMS),
                TwoNormDataPreprocessor(**NORMS)):
        with pytest.raises(UserError, match='TwoNorm.*FirstNormDataPre'):
            staged(own)
    own = dict(NORMS, type=OwnFirstNorm)
    assert staged(own) is own


def test_only_mmpretrains_own_is_replaced():
    for kind in 'TwoNormDataPreprocessor', TwoNormDataPreprocessor:
        given = dict(NORMS, type=kind)
        assert staged(given) == dict(NORMS, type=FirstNormDataPreprocessor)
        assert given['type'] is kind
    for other in (None, dict(mean=[1]), SelfSupDataPreprocessor(),
                  dict(type='SelfSupDataPreprocessor')):
        assert staged(other) is other
