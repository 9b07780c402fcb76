"""Views of JPEGs decoded late against those of whole pictures."""
from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from PIL import Image, ImageOps
from smooth import smooth_images

from mmrela.datasets.rela_target import RelaTargetDataset
from mmrela.datasets.samplers.rela_sampler import RelaIndex
from mmrela.errors import UserError
from mmrela.pictures.access import load_sample
from mmrela.pictures.formats import decode
from mmrela.pictures.late_decoding import LateCrop
from mmrela.pictures.rgb import Sample
from mmrela.pictures.undecoded import Undecoded, jpeg_shape

CROP = dict(type='RandomResizedCrop', scale=(24, 32),
            crop_ratio_range=(0.5, 1.))
FLIP = dict(type='RandomFlip', prob=0.5)
LOAD, PACK = dict(type='LoadImageFromFile'), dict(type='PackInputs')


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmpretrain')


def views(*each: list[dict], count: int = 1) -> list[dict]:
    return [dict(type='MultiView', num_views=[count] * len(each),
                 transforms=[*each]), PACK]


def photo(height: int, width: int, seed: int = 0) -> Image.Image:
    return Image.fromarray(smooth_images(
        1, (height, width), seed)[0].permute(1, 2, 0).numpy())


def dataset(root: Path, make_store, rela: list, host: list | None = None,
            **kwargs) -> RelaTargetDataset:
    """A folder of pictures with targets, whose ids are not looked at."""
    store = root.parent / 'store'
    if not store.exists():
        count = len([*root.iterdir()])
        make_store(store, np.ones((count, 3), np.float32))
    return RelaTargetDataset(
        'CustomDataset', str(store), rela, data_root=str(root),
        with_label=False, pipeline=[LOAD, *(host or rela)], **kwargs)


@pytest.fixture
def both(tmp_path, make_store):
    """The same views of whole pictures, and decoded late."""
    root = tmp_path / 'images'
    root.mkdir()

    def build(pictures: dict[str, Image.Image], *pipelines: list):
        for name, picture in pictures.items():
            picture.save(root / name, **dict(quality=95) if name.endswith(
                'jpg') else {})
        return [dataset(root, make_store, *pipelines, late_decoding=late)
                for late in (False, True)]

    return build


def seen(data: RelaTargetDataset, lam: int = 1,
         seeds: int = 6) -> torch.Tensor:
    return torch.stack([
        view for i in range(len(data)) for seed in range(seeds)
        for view in data[RelaIndex(i, lam, seed)]['inputs']]).float()


def encoded(picture: Image.Image, **settings) -> bytes:
    content = BytesIO()
    picture.save(content, 'JPEG', **settings)
    return content.getvalue()


@pytest.mark.parametrize('mode', ['RGB', 'L', 'CMYK'])
@pytest.mark.parametrize('orientation', range(9))
def test_shape_is_that_of_the_decoded_picture(mode, orientation):
    exif = Image.Exif()
    if orientation:
        exif[274] = orientation
    content = encoded(photo(30, 44).convert(mode), exif=exif,
                      progressive=orientation % 2 == 1)
    assert jpeg_shape(content) == decode(content).shape[:2]


def test_what_tells_no_shape():
    content = encoded(photo(30, 44))
    for broken in (content[:20], b'\xff\xd8', b'', b'\xff\xd8\xff'):
        assert jpeg_shape(broken) is None


@pytest.mark.parametrize('lam', [0, 1])
def test_what_is_decoded_whole_gives_the_same_views(lam, both):
    strong = [dict(CROP, crop_ratio_range=(.1, 1.)), FLIP,
              dict(type='ColorJitter', brightness=.4)]
    pictures = {'a.jpg': photo(40, 56), 'b.jpg': photo(47, 31).convert('L'),
                'c.png': photo(200, 300), 'd.jpg': photo(24, 32)}
    whole, late = both(pictures, views([CROP, FLIP]), views(strong, [
        dict(type='ResizeEdge', scale=40), dict(CROP, scale=20)]))
    for i in range(len(whole)):
        for a, b in zip(*(data[RelaIndex(i, lam, 3)]['inputs']
                          for data in (whole, late))):
            assert torch.equal(a, b)


@pytest.mark.parametrize('backend, interpolation', [
    ('cv2', 'bilinear'), ('cv2', 'bicubic'), ('pillow', 'bilinear'),
    ('pillow', 'bicubic')])
def test_smaller_pictures_give_nearly_the_same(backend, interpolation, both):
    crop = dict(CROP, backend=backend, interpolation=interpolation)
    whole, late = (seen(data) for data in both(
        {'a.jpg': photo(301, 403), 'b.jpg': photo(150, 180, 1),
         'c.jpg': photo(90, 700, 2)}, views([crop, FLIP])))
    difference = (whole - late).abs()
    assert 0 < difference.mean() < 1 and difference.max() <= 10
    whole, late = (part - part.mean((2, 3), keepdim=True)
                   for part in (whole, late))
    assert torch.cosine_similarity(
        whole.flatten(1), late.flatten(1)).min() > 0.999


@pytest.mark.parametrize('factor', [2, 4, 8])
def test_boxes_keep_their_place(factor):
    """On a slope, a shift by one pixel is one of 0.5 levels."""
    y, x = np.mgrid[:256, :480] / 2
    slope = np.stack([y, x, y], -1).clip(0, 255).round().astype(np.uint8)
    content = encoded(Image.fromarray(slope), quality=100, subsampling=0)
    crop = LateCrop(scale=256 // factor - 7, crop_ratio_range=(.5, 1.))
    crop.scale = (200 // factor, 300 // factor)
    for box in ((3, 17, 220, 400), (51, 0, 205, 310), (0, 111, 256, 369)):
        crop.rand_crop_params = lambda picture, box=box: box
        late = Undecoded(content, 'a', (256, 480))
        assert crop._factor(*box[2:]) == factor
        small, whole = (
            crop(dict(img=picture))['img'].astype(float)
            for picture in (late, decode(content)))
        inner = (small - whole)[2:-2, 2:-2]
        assert abs(inner.mean((0, 1))).max() < 0.35 and abs(inner).max() <= 4
        assert late._made[1] == factor


@pytest.mark.parametrize('orientation', range(1, 9))
def test_turned_pictures_are_turned_when_small(orientation):
    exif = Image.Exif()
    exif[274] = orientation
    content = encoded(photo(120, 201), exif=exif, quality=95)
    with Image.open(BytesIO(content)) as image:
        upright = ImageOps.exif_transpose(image)
    late = Undecoded(content, 'a', jpeg_shape(content))
    small, factor = late.at_most(4)
    wanted = np.asarray(upright.resize(small.shape[1::-1], Image.BOX))
    assert factor == 4 and late.shape == np.asarray(upright).shape
    assert abs(small[..., ::-1].astype(float) - wanted).mean() < 3


def test_views_share_what_was_decoded(monkeypatch):
    picture = Undecoded(encoded(photo(200, 200)), 'a', (200, 200))
    asked = []
    monkeypatch.setattr(picture, '_decode', asked.append)
    assert [picture.at_most(f)[1] for f in (4, 8, 2, 4, 1, 8)] == [
        4, 4, 2, 2, 1, 1]
    assert asked == [4, 2, 1]


def test_priors_see_whole_pictures(both):
    whole, late = both({'a.jpg': photo(301, 403)}, views([CROP]))
    assert isinstance(load_sample(late.dataset, 0)['img'], Undecoded)
    assert np.array_equal(*(np.asarray(Sample(data.dataset, 0).image)
                            for data in (whole, late)))


def test_a_damaged_file_is_named(both, tmp_path):
    data = both({'a.jpg': photo(200, 300)}, views([CROP]))[1]
    file = tmp_path / 'images' / 'a.jpg'
    content = file.read_bytes()
    file.write_bytes(content[:content.index(b'\xff\xda')] + b'\xff\xd9')
    with pytest.raises(UserError, match=f'{file} cannot be read .*: mend'):
        data[RelaIndex(0, 1, 0)]


@pytest.mark.parametrize('load, view', [
    (LOAD, dict(type='ResizeEdge', scale=40)),
    (LOAD, dict(type='NativeResizedCrop')),
    (dict(LOAD, color_type='grayscale'), CROP),
    (dict(LOAD, ignore_empty=True), CROP)])
def test_what_gains_nothing_is_refused(load, view, tmp_path, make_store):
    photo(40, 56).save(tmp_path / 'a.jpg')
    with pytest.raises(UserError, match='late_decoding is for .* leave it'):
        RelaTargetDataset(
            'CustomDataset', 'none', views([view]), with_label=False,
            data_root=str(tmp_path), pipeline=[load, *views([view])],
            late_decoding=True)
