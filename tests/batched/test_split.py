"""Where a pipeline is cut, and which cannot be."""
from __future__ import annotations

import copy
from itertools import islice

import numpy as np
import pytest
from mmengine.registry import init_default_scope
from mmpretrain.registry import DATASETS

import mmrela  # noqa: F401
from mmrela.batched.split import Stamp, leave_colours
from mmrela.errors import UserError

CROP = dict(type='RandomResizedCrop', scale=12)
FLIP = dict(type='RandomFlip', prob=0.5)
JITTER = dict(type='ColorJitter', hue=0.1)
BLUR = dict(type='GaussianBlur', radius=1., prob=0.5)
LOAD, PACK = dict(type='LoadImageFromFile'), dict(type='PackInputs')


@pytest.fixture(scope='module', autouse=True)
def scope():
    init_default_scope('mmpretrain')


def views(*pipelines, num_views=1):
    return [LOAD, dict(type='MultiView', num_views=[num_views] * len(
        pipelines), transforms=[[*p] for p in pipelines]), PACK]


@pytest.fixture
def build(image_folder):
    def make(pipeline):
        return dict(type='CustomDataset', with_label=False, data_root=str(
            image_folder / 'train'), pipeline=copy.deepcopy(pipeline))

    def built(*pipelines, **wrapper):
        parts = [make(pipeline) for pipeline in pipelines]
        return DATASETS.build(dict(
            wrapper, datasets=parts) if wrapper else parts[0])

    return built


def kinds(transforms):
    return [type(transform).__name__ for transform in transforms]


def test_each_view_ends_before_its_first_change_of_colours(build):
    dataset = build(views((CROP, FLIP, JITTER, BLUR), (CROP, BLUR, FLIP),
                          (CROP, FLIP), num_views=2))
    leave_colours(dataset)
    *_, multi_view, packing, stamp = dataset.pipeline.transforms
    assert kinds([multi_view, packing, stamp]) == [
        'MultiView', 'PackInputs', 'Stamp']
    assert [kinds(view.transforms) for view in multi_view.transforms] == [
        ['RandomResizedCrop', 'RandomFlip']] * 2 + [
        ['RandomResizedCrop']] * 2 + [['RandomResizedCrop', 'RandomFlip']] * 2
    assert [len(view.steps) for view in stamp.steps.views] == [
        2, 2, 2, 2, 0, 0]


def test_samples_carry_steps_and_a_seed_of_their_own(build):
    dataset = build(views((CROP, JITTER)))
    leave_colours(dataset)
    leave_colours(dataset)  # a second training
    np.random.seed(0)
    found = [*islice(dataset, 4)]
    assert len({seed for _, seed in (one['left'] for one in found)}) == 4
    np.random.seed(0)
    again = dataset[0]
    assert again['left'][1] == found[0]['left'][1]
    assert again['left'][0] is dataset.pipeline.transforms[-1].steps
    assert again['inputs'][0].shape == (3, 12, 12)


def test_parts_of_a_data_set_have_one_pipeline(build):
    whole = views((CROP, JITTER))
    joined = build(whole, whole, type='ConcatDataset')
    leave_colours(joined)
    assert all(isinstance(part.pipeline.transforms[-1], Stamp)
               for part in joined.datasets)
    other = views((CROP, BLUR))
    with pytest.raises(UserError, match='in different ways'):
        leave_colours(build(whole, other, type='ConcatDataset'))


@pytest.mark.parametrize('pipeline, words', [
    (views((CROP, FLIP)), 'no view changes colours'),
    ([LOAD, CROP, JITTER, PACK], 'put what changes colours into MultiView'),
    ([LOAD, JITTER, *views((CROP, BLUR))[1:]], 'not in LoadImageFromFile, C'),
    (views((CROP, JITTER))[:-1], 'MultiView and PackInputs make all views'),
    ([], 'not in nothing'),
    (views((CROP, JITTER, dict(type='Rotate', angle=5.))),
     'Rotate has no batched version'),
    (views((JITTER, dict(CROP, backend='pillow'))), "backend='cv2' alone"),
])
def test_refusals_name_key_and_cure(pipeline, words, build):
    with pytest.raises(UserError, match=r'^train_dataloader\.dataset\.pipel'
                       '.*DeviceColoursHook') as e:
        leave_colours(build(pipeline))
    assert words in str(e.value)
