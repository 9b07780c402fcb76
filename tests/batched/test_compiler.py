"""Counterparts of transforms, against the transforms themselves."""
from __future__ import annotations

import numpy as np
import pytest
import torch
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope
from mmpretrain.registry import TRANSFORMS
from scipy.stats import ks_2samp

import mmrela  # noqa: F401
from mmrela.batched import BatchedViews
from mmrela.batched.compiler import _magnitudes
from mmrela.errors import UserError

SEEDS = np.random.default_rng(0).integers(2**31, size=24).astype(np.uint64)
pytestmark = pytest.mark.filterwarnings('ignore')  # adjust_color warns


@pytest.fixture(scope='module', autouse=True)
def scope():
    init_default_scope('mmpretrain')


@pytest.fixture(scope='module')
def images():
    rng = np.random.default_rng(1)
    return torch.from_numpy(rng.integers(0, 256, (24, 3, 16, 12), np.uint8))


def built(*transforms):
    """A pipeline of one view."""
    view = dict(type='MultiView', num_views=1, transforms=[[*transforms]])
    return [TRANSFORMS.build(t) for t in (view, dict(type='PackInputs'))]


def on_cpu(pipeline, images):
    samples = [Compose(pipeline)(dict(img=image.permute(1, 2, 0).numpy()))
               for image in images]
    return [torch.stack(view) for view in zip(*(s['inputs']
                                                for s in samples))]


@pytest.mark.parametrize('transform', [
    dict(type='RandomFlip', prob=1.),
    dict(type='RandomFlip', prob=1., direction='vertical'),
    dict(type='RandomFlip', prob=0.),
    dict(type='Solarize', thr=100, prob=1.),
    dict(type='Solarize', magnitude_range=(256, 0), magnitude_level=3,
         prob=1.),
    dict(type='GaussianBlur', radius=1.3, prob=1.),
    dict(type='RandomGrayscale', prob=1., keep_channels=True),
    dict(type='ColorJitter', hue=(0.2, 0.2)),
    dict(type='RandomApply', prob=1., transforms=[
        dict(type='ColorJitter', contrast=(0.5, 0.5)),
        dict(type='RandomFlip', prob=1.)]),
    dict(type='RandomApply', prob=0., transforms=[
        dict(type='RandomFlip', prob=1.)]),
], ids=lambda t: '-'.join(map(str, t.values()))[:40])
def test_without_chance_it_is_the_cpus(transform, images):
    ours, = BatchedViews(built(transform), '')(images, SEEDS)
    theirs, = on_cpu(built(transform), images)
    levels = transform['type'] == 'GaussianBlur'  # see gaussian_blur
    assert (ours.int() - theirs).abs().max() <= levels
    assert ours.dtype == theirs.dtype


@pytest.mark.parametrize('crop, size', [
    (dict(type='NativeResizedCrop', crop_ratio_range=(0.5, 1.)), (16, 12)),
    (dict(type='RandomResizedCrop', scale=(10, 14)), (10, 14))])
def test_crops(crop, size, images):
    ours, = BatchedViews(built(crop), '')(images, SEEDS)
    assert ours.shape == (24, 3, *size) and ours.dtype == torch.uint8


@pytest.mark.parametrize('transform, words', [
    (dict(type='Rotate', angle=5.), 'Rotate has no batched version'),
    (dict(type='RandomApply', prob=0.5, transforms=[
        dict(type='Invert')]), 'Invert has no batched version'),
    (dict(type='ColorJitter', hue=0.1, backend='cv2'), "backend='pillow'"),
    (dict(type='RandomGrayscale', prob=0.5), 'keep_channels=True'),
    (dict(type='RandomFlip', prob=0.5, direction='diagonal'), 'horizontal'),
    (dict(type='NativeResizedCrop', interpolation='bicubic'), 'bilinear'),
    (dict(type='GaussianBlur', magnitude_range=(0, 1), magnitude_std=0.5),
     'magnitude_std=0.0'),
])
def test_refusals_name_transform_and_cure(transform, words):
    with pytest.raises(UserError, match='^the_key: .*RelaTargetDataset') as e:
        BatchedViews(built(transform), 'the_key')
    assert words in str(e.value)


def test_magnitudes_of_inf_go_up_to_the_level():
    """As mmpretrain draws them, 0.1 + 0.4 · [0, 1) · 1.9 here."""
    transform = TRANSFORMS.build(dict(
        type='GaussianBlur', magnitude_range=(0.1, 2.0), magnitude_level=4,
        magnitude_std='inf', prob=1.))
    np.random.seed(0)
    theirs = [transform.random_magnitude() for _ in range(2000)]
    low, high = _magnitudes(transform, None)
    ours = low + np.random.rand(2000) * (high - low)
    assert ks_2samp(ours, theirs).pvalue > 0.01
