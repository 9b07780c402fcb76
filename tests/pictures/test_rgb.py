"""Whatever a pipeline loads, priors get RGB of eight bits, or a sentence."""
from __future__ import annotations

import numpy as np
import pytest
from mmcv.transforms import BaseTransform
from mmpretrain.datasets import BaseDataset, CustomDataset
from mmpretrain.registry import TRANSFORMS
from PIL import Image
from torch import nn
from torchvision.transforms.functional import pil_to_tensor

from mmrela.errors import UserError
from mmrela.features.images import PriorImages
from mmrela.pictures.rgb import Sample, as_rgb, loaders, loads_bgr
from mmrela.priors import Prior

RED = (250, 20, 10)


@TRANSFORMS.register_module()
class LoadItself(BaseTransform):
    """A user's own, which does not tell its order."""

    def transform(self, results: dict) -> dict:
        with Image.open(results['img_path']) as image:
            return dict(results, img=np.asarray(image.convert('RGB')))


@TRANSFORMS.register_module()
class LoadAndTell(LoadItself):
    channel_order = 'rgb'


@TRANSFORMS.register_module()
class LoadScaled(LoadAndTell):
    """Floats of 0 to 1."""

    def transform(self, results: dict) -> dict:
        results = super().transform(results)
        return dict(results, img=results['img'].astype(np.float32) / 255)


@TRANSFORMS.register_module()
class LoadNothingMore(BaseTransform):
    channel_order = 'same'

    def transform(self, results: dict) -> dict:
        return results


@TRANSFORMS.register_module()
class LoadSilently(BaseTransform):
    def transform(self, results: dict) -> dict:
        return results


def file(**settings) -> dict:
    return dict(dict(type='LoadImageFromFile'), **settings)


@pytest.fixture
def folder(tmp_path):
    """Build a data set of one red picture, saved as wanted."""

    def build(steps: list[dict], mode: str = 'RGB') -> CustomDataset:
        Image.new('RGB', (9, 7), RED).convert(mode).save(tmp_path / 'red.png')
        return CustomDataset(data_root=str(tmp_path), with_label=False,
                             pipeline=steps)

    return build


class InMemory(BaseDataset):
    def load_data_list(self) -> list[dict]:
        return [dict(img=np.full((7, 9, 3), RED, np.uint8))]


def colour(dataset) -> list[int]:
    image = Sample(dataset, 0).image
    assert image.mode == 'RGB' and image.size == (9, 7)
    return list(image.getpixel((4, 3)))


@pytest.mark.parametrize('step', [
    file(), file(imdecode_backend='pillow'), file(to_float32=True),
    file(color_type='unchanged'),
    file(color_type='unchanged', imdecode_backend='pillow'),
    dict(type='LoadRGBImageFromFile'), dict(type='LoadAndTell'),
], ids=str)
@pytest.mark.parametrize('mode', ['RGB', 'RGBA'])
def test_a_red_picture_stays_red(folder, step, mode):
    assert colour(folder([step], mode)) == list(RED)
    more = [step, dict(type='LoadNothingMore'), dict(type='PackInputs')]
    assert colour(folder(more, mode)) == list(RED)


@pytest.mark.parametrize('steps', [
    [], [dict(type='LoadNothingMore')], [dict(type='LoadSilently')]])
def test_images_in_memory_are_rgb(steps):
    assert colour(InMemory(ann_file='', pipeline=steps)) == list(RED)


def test_a_loader_must_tell_its_order(folder):
    with pytest.raises(UserError, match="LoadItself does not tell .*'rgb'"):
        colour(folder([dict(type='LoadItself')]))
    assert not loads_bgr(loaders([file(imdecode_backend='tifffile')]))
    assert loads_bgr(loaders([file(), dict(type='Resize', scale=8)]))


def picture(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


@pytest.mark.parametrize('shape', [(5, 4), (5, 4, 1), (5, 4, 2)])
def test_grey_is_all_three_channels(shape):
    grey = picture(*shape)
    for bgr in (False, True):
        found = np.asarray(as_rgb(grey, bgr))
        for channel in range(3):
            np.testing.assert_array_equal(
                found[..., channel], grey.reshape(5, 4, -1)[..., 0])


@pytest.mark.parametrize('channels', [3, 4])
@pytest.mark.parametrize('of', [
    lambda x: x, lambda x: x.astype(np.float32), lambda x: x.astype(int),
    lambda x: x.astype(np.uint16) * 256 + 17], ids=[
        'uint8', 'float32', 'int64', 'uint16'])
def test_colours(channels, of):
    colours = picture(5, 4, channels)
    for bgr in (False, True):
        found = np.asarray(as_rgb(of(colours), bgr))
        wanted = np.stack([colours[..., [c, 2 - c][bgr]] for c in range(3)],
                          2)
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize('pixels, reason', [
    (np.full((5, 4, 3), 0.5, np.float32), 'float32 of 0.5 to 0.5, are no'),
    (np.full((5, 4, 3), 300, np.float32), '300.0 to 300.0, are no whole'),
    (np.full((5, 4, 3), -1), r'int64 of -1 to -1'),
    (np.full((5, 4, 3), np.nan), 'nan to nan'),
    (np.zeros((5, 4, 6), np.uint8), r'\(5, 4, 6\) uint8, have 6 channels, '
     'and priors see three: let a loader of your own keep three'),
    (np.zeros((0, 4, 3), np.uint8), r'\(0, 4, 3\) uint8, are no image'),
    (np.zeros(4, np.uint8), r'\(4,\) uint8, are no image'),
], ids=['scaled', 'bright', 'negative', 'nan', 'five', 'empty', 'flat'])
def test_what_is_no_image(pixels, reason):
    with pytest.raises(ValueError, match=reason):
        as_rgb(pixels, True)


def test_it_is_named_or_skipped(folder):
    dataset = folder([dict(type='LoadScaled')])
    prior = Prior('flat', nn.Flatten(), pil_to_tensor, 'none')
    with pytest.raises(UserError, match='red.png: its pixels, float32 of'):
        PriorImages(dataset, prior)[0]
    assert PriorImages(dataset, prior, skip=True)[0] is None
