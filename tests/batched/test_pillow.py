"""Colours on the device against Pillow's, of every ImageNet recipe."""
from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import Compose, default_collate
from mmengine.registry import init_default_scope
from mmpretrain.datasets.transforms import ColorJitter, GaussianBlur, Solarize
from mmpretrain.registry import TRANSFORMS
from torch.nn.functional import interpolate

import mmrela  # noqa: F401
from mmrela.batched.ahead import ViewCollate
from mmrela.batched.compiler import _magnitudes
from mmrela.batched.split import split_pipeline
from mmrela.batched.steps.keys import split, uniform, within
from mmrela.pictures.hue import mended_hue

CONFIGS = Path(__file__).parents[2] / 'configs'
RECIPES = ['byol', 'mocov2', 'mocov3', 'simclr', 'simsiam', 'swav',
           'barlowtwins', 'densecl', 'dino']
pytestmark = pytest.mark.filterwarnings('ignore')  # adjust_color warns


@pytest.fixture(scope='module', autouse=True)
def scope():
    init_default_scope('mmpretrain')


@functools.cache
def leaf(name):
    """The pipeline of a leaf, without loading."""
    cfg = Config.fromfile(CONFIGS / f'{name}_rela_r50_in1k.py')
    return cfg.train_dataloader.dataset.pipeline[1:]


def recipe(name):
    """Built transforms."""
    return [TRANSFORMS.build(step)
            for step in (dino() if name == 'dino' else leaf(name))]


def dino():
    """DINO's own views (arXiv:2104.14294), with mmpretrain's transforms."""
    colours = leaf('byol')[0]['transforms'][0][2:4]
    blur = [dict(type='GaussianBlur', magnitude_range=(0.1, 2.0),
                 magnitude_std='inf', prob=prob) for prob in (1., 0.1, 0.5)]
    crops = [dict(type='RandomResizedCrop', scale=scale, backend='pillow')
             for scale in (224, 224, 96)]
    views = [[crop, dict(type='RandomFlip', prob=0.5), *colours, last]
             for crop, last in zip(crops, blur)]
    views[1].append(dict(type='Solarize', thr=128, prob=0.2))
    return [dict(type='MultiView', num_views=[1, 1, 6], transforms=views),
            dict(type='PackInputs')]


def photographs(count, rng):
    """Smooth noise of random contrast, BGR, (400, 300, 3) uint8 each."""
    for _ in range(count):
        side = int(rng.integers(2, 120))
        noise = torch.from_numpy(rng.integers(0, 256, (1, 3, side, side)))
        image = interpolate(noise.float(), (400, 300), mode='bilinear')[0]
        yield image.byte().permute(1, 2, 0).numpy()


def by_pillow(transforms, image, key):
    """What one image, (H, W, 3), becomes by its own key, step by step."""
    for number, transform in enumerate(transforms):
        own = split(key, number)
        prob = getattr(transform, 'prob', None)
        if prob is not None:
            if uniform(own, 1)[0, 0] >= prob:
                continue
            own = split(own, 1)
        image = _changed(transform, image, own)
    return image


def _changed(transform, image, key):
    draw = uniform(key, 8)[0]
    if type(transform).__name__ == 'RandomApply':
        return by_pillow(transform.transforms.transforms, image, key)
    if isinstance(transform, ColorJitter):
        ranges = [transform.brightness, transform.contrast,
                  transform.saturation, transform.hue]
        numbers = [bounds and within(bounds, one)
                   for bounds, one in zip(ranges, draw[4:])]
        made = ColorJitter()
        made._rand_params = lambda: (draw[:4].argsort(), *numbers)
        return made.transform(dict(img=image))['img']
    if isinstance(transform, Solarize):
        made = Solarize(thr=transform.thr, prob=1.)
    elif isinstance(transform, GaussianBlur):
        radius = within(_magnitudes(transform, transform.radius), draw[0])
        made = GaussianBlur(radius=float(radius), prob=1.)
    elif type(transform).__name__ == 'RandomFlip':
        return image[:, ::-1]
    else:
        made = TRANSFORMS.build(dict(
            type='RandomGrayscale', prob=1., keep_channels=True,
            channel_weights=transform.channel_weights))
    return made.transform(dict(img=image.copy()))['img']


@mended_hue()
def compare(name, count, seed):
    """Levels apart from Pillow's: the most, and the share of such bytes."""
    transforms, rng = recipe(name), np.random.default_rng(seed)
    whole = [pipeline.transforms for pipeline in transforms[0].transforms]
    split_pipeline(transforms, 'key')
    cut = [len(view.transforms) for view in transforms[0].transforms]
    np.random.seed(seed)
    samples = [Compose(transforms)(dict(img=image))
               for image in photographs(count, rng)]
    seeds = [np.array([sample['left'][1]], np.uint64) for sample in samples]
    batch = ViewCollate(default_collate)(samples)['inputs']
    most, apart, total = 0, 0, 0
    for number, view in enumerate(batch.views(torch.device('cpu'))):
        for own, sample, key in zip(view, samples, seeds):
            image = sample['inputs'][number].permute(1, 2, 0).numpy()
            expected = by_pillow(
                whole[number][cut[number]:], image, split(key, number))
            levels = abs(own.permute(1, 2, 0).numpy().astype(int) - expected)
            most, apart = max(most, levels.max()), apart + (levels > 0).sum()
            total += levels.size
    return most, apart / total


@pytest.mark.parametrize('name', RECIPES)
def test_each_recipe_is_pillows_to_one_level(name):
    most, share = compare(name, 4, 0)
    assert most <= 1 and share < 1e-3


@pytest.mark.slow
@pytest.mark.parametrize('name', RECIPES)
def test_a_thousand_settings_are_pillows_to_one_level(name):
    """A thousand views of all recipes together."""
    views = len(recipe(name)[0].transforms)
    settings = 1 + 1000 // len(RECIPES)
    most, share = compare(name, -(-settings // views), 1)
    assert most <= 1 and share < 1e-3
