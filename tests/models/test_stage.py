"""What of the host's preprocessing is not for RELA's views."""
from __future__ import annotations

import numpy as np
import pytest
import torch
from mmpretrain.models import ImageClassifier
from mmpretrain.models.selfsup import CAE
from mmpretrain.models.utils import (
    ClsDataPreprocessor,
    SelfSupDataPreprocessor,
    TwoNormDataPreprocessor,
)
from mmpretrain.structures import DataSample

from mmrela.errors import UserError
from mmrela.models.stage import (
    FirstNormDataPreprocessor,
    ViewsClsDataPreprocessor,
    staged,
)

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
            staged(own, CAE)
    own = dict(NORMS, type=OwnFirstNorm)
    assert staged(own, CAE) is own


def test_only_mmpretrains_own_is_replaced():
    for kind in 'TwoNormDataPreprocessor', TwoNormDataPreprocessor:
        given = dict(NORMS, type=kind)
        assert staged(given, CAE) == dict(
            NORMS, type=FirstNormDataPreprocessor)
        assert given['type'] is kind
    for other in (None, dict(mean=[1]), SelfSupDataPreprocessor(),
                  dict(type='SelfSupDataPreprocessor')):
        assert staged(other, CAE) is other


LABELS = dict(mean=[10., 20, 30], std=[2., 4, 8], to_rgb=True,
              num_classes=5, batch_augments=dict(
                  augments=dict(type='Mixup', alpha=1.)))


@pytest.mark.parametrize('views', [1, 3])
def test_a_classifiers_images_are_mixed_and_relas_views_are_not(views):
    data = batch(views, rela=True)  # two images, as many as look like RGB
    for sample in data['data_samples']:
        sample.set_gt_label(3)
    seen = ViewsClsDataPreprocessor(**LABELS)(data, True)
    for view, raw in zip(seen['inputs'], data['inputs'], strict=True):
        torch.testing.assert_close(view, (raw.flip(1).float() - MEAN) / STD)
    host = batch(1, rela=False)
    for label, sample in enumerate(host['data_samples']):
        sample.set_gt_label(label)
    found = []
    for kind in ViewsClsDataPreprocessor, ClsDataPreprocessor:
        np.random.seed(0)
        torch.manual_seed(1)  # each image is mixed with the other
        found.append(kind(**LABELS)(
            dict(host, inputs=host['inputs'][0]), True))
    assert torch.equal(*(each['inputs'] for each in found))
    assert 0 < found[0]['data_samples'][0].gt_score[0] < 1


class OwnLabels(ClsDataPreprocessor):
    """Of a user, who alone knows what it does with a list."""


def test_a_classifier_has_one_for_both_stages():
    for given in None, {}, dict(type='ClsDataPreprocessor'):
        assert staged(given, ImageClassifier) == dict(
            type=ViewsClsDataPreprocessor)
    with pytest.raises(UserError, match='OwnLabels.*ViewsClsDataPre'):
        staged(dict(type=OwnLabels), ImageClassifier)
