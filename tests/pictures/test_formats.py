"""Pictures of every mode and format against their plain twins.

A twin is what Pillow shows of the same file, upright, saved as an RGB PNG.
"""
from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from mmcv.transforms import LoadImageFromFile
from PIL import Image, ImageOps
from smooth import smooth_images
from torch import nn
from torchvision.transforms.functional import pil_to_tensor

from mmrela.datasets.host import build_host
from mmrela.errors import UserError
from mmrela.features.images import images_of
from mmrela.generation.generate import generate
from mmrela.pictures.access import load_sample
from mmrela.pictures.formats import LoadPicture, decode, extensions
from mmrela.priors import Prior

RGB = Image.fromarray(
    smooth_images(1, (40, 56))[0].permute(1, 2, 0).numpy())
DEEP = np.asarray(RGB.convert('L')).astype(np.uint16) * 256 + 77
ALPHA = Image.linear_gradient('L').resize(RGB.size)
EXIF = Image.Exif()
EXIF[274] = 6  # to be turned by 90 degrees
MODES = dict(
    RGB=RGB, RGBA=RGB.copy(), CMYK=RGB.convert('CMYK'), P=RGB.quantize(32),
    L=RGB.convert('L'), LA=RGB.convert('LA'), one_bit=RGB.convert('1'),
    deep=Image.fromarray(DEEP), turned=RGB, pixel=RGB.resize((1, 1)))
MODES['RGBA'].putalpha(ALPHA), MODES['LA'].putalpha(ALPHA)
FORMATS = dict(png={}, jpg=dict(quality=95), webp=dict(lossless=True),
               tiff={}, gif={}, bmp={}, tga={}, jp2={}, pcx={}, avif={})
UPRIGHT = ('png', 'jpg', 'webp', 'tiff', 'avif')  # with EXIF
CFG = dict(train_dataloader=dict(num_workers=0),
           model=dict(data_preprocessor=dict(to_rgb=True)))
# What Pillow does not write.
NONE = {*(('CMYK', s) for s in ('png', 'webp', 'gif', 'bmp', 'tga', 'pcx',
                                'avif')),
        *(('P', s) for s in ('jpg', 'jp2')),
        *(('RGBA', s) for s in ('jpg', 'pcx')),
        *(('LA', s) for s in ('jpg', 'bmp', 'pcx')),
        *(('one_bit', s) for s in ('jp2', )),
        *(('deep', s) for s in ('jpg', 'webp', 'gif', 'bmp', 'tga', 'pcx',
                                'avif')),
        *(('turned', s) for s in {*FORMATS} - {*UPRIGHT})}
CASES = [(mode, suffix) for mode in MODES for suffix in FORMATS
         if (mode, suffix) not in NONE and f'.{suffix}' in extensions()]


def write(mode: str, file: Path) -> Path:
    exif = dict(exif=EXIF) if mode == 'turned' else {}
    MODES[mode].copy().save(file, **FORMATS[file.suffix[1:]], **exif)
    return file


def plain(file: Path) -> Image.Image:
    with Image.open(file) as image:
        image = ImageOps.exif_transpose(image)
        if image.mode.startswith('I'):
            image = Image.fromarray((np.array(image) // 256).astype(np.uint8))
        return image.convert('RGB')


def grid_prior() -> Prior:
    """Colours in a grid of 4 × 4, whose means are far from zero."""
    return Prior('grid', nn.Sequential(nn.AdaptiveAvgPool2d(4), nn.Flatten()),
                 lambda image: pil_to_tensor(image.resize((16, 16))).float(),
                 '')


def folder(root: Path) -> dict:
    return dict(type='CustomDataset', data_root=str(root), with_label=False,
                pipeline=[dict(type='LoadImageFromFile')])


@pytest.fixture(scope='module')
def targets(tmp_path_factory) -> dict[str, np.ndarray]:
    """The target of each file, by its name below the folder."""
    root = tmp_path_factory.mktemp('pictures')
    for mode, suffix in CASES:
        file = root / f'{mode}.{suffix}'
        write(mode, file)
        plain(file).save(root / f'{mode}_{suffix}_twin.png')
    dataset = build_host(folder(root))
    images = images_of(CFG, dataset, grid_prior())
    store = generate(images, root / 'store', 8, dtype='float32')
    return dict(zip(images.ids(), store[:], strict=True))


@pytest.mark.parametrize('mode, suffix', CASES)
def test_target_is_that_of_the_plain_picture(mode, suffix, targets):
    found, twin = (targets[f'{mode}{end}'] for end in (
        f'.{suffix}', f'_{suffix}_twin.png'))
    cosine = found @ twin / np.linalg.norm(found) / np.linalg.norm(twin)
    assert cosine >= 0.999
    np.testing.assert_allclose(found, twin, atol=0.02 * np.linalg.norm(twin))


def test_there_are_pictures_of_all_modes():
    assert {mode for mode, _ in CASES} == {*MODES}
    assert {'png', 'jpg', 'webp', 'tiff'} <= {suffix for _, suffix in CASES}


@pytest.mark.parametrize('backend', ['cv2', 'pillow'])
@pytest.mark.parametrize('mode', ['RGB', 'CMYK', 'L', 'turned'])
@pytest.mark.parametrize('suffix', ['jpg', 'tiff'])
def test_what_mmcv_reads_stays_the_same(mode, suffix, backend, tmp_path):
    file = str(write(mode, tmp_path / f'a.{suffix}'))
    for given in (dict(), dict(color_type='grayscale'),
                  dict(to_float32=True)):
        mine, theirs = (
            kind(imdecode_backend=backend, **given)(dict(img_path=file))
            for kind in (LoadPicture, LoadImageFromFile))
        np.testing.assert_array_equal(mine.pop('img'), theirs['img'])
        assert mine == {key: theirs[key] for key in mine} and mine


@pytest.mark.parametrize('suffix', ['jpg', 'png', 'webp', 'tiff', 'bmp'])
def test_truncated(suffix, tmp_path):
    """Told with the path, by whatever OpenCV; never half grey."""
    file = tmp_path / f'torn.{suffix}'
    noise = torch.randint(256, (60, 60, 3), dtype=torch.uint8).numpy()
    Image.fromarray(noise).save(file)
    file.write_bytes(file.read_bytes()[:-file.stat().st_size // 3])
    dataset = build_host(folder(tmp_path))
    with pytest.raises(UserError, match=f'{file} cannot be read'):
        load_sample(dataset, 0)


def test_a_jpeg_that_opencv_would_fill_up(monkeypatch):
    """OpenCV 4 does; OpenCV 5 gives nothing."""
    content = BytesIO()
    RGB.save(content, 'JPEG')
    monkeypatch.setattr('mmcv.imfrombytes', lambda *args, **kwargs: np.full(
        (40, 56, 3), 128, np.uint8))
    assert (decode(content.getvalue()) == 128).all()
    with pytest.raises(OSError, match='truncated'):
        decode(content.getvalue()[:-100])
    more = decode(content.getvalue() + b'more')  # which Pillow looks at
    assert more.shape == (40, 56, 3) and (more != 128).any()


@pytest.mark.parametrize('mode', ['F', 'I'])
def test_levels_without_a_range_are_refused(mode, tmp_path):
    """An image of 0 to 1 would come out black."""
    file = tmp_path / 'a.tif'
    Image.fromarray(DEEP.astype(dict(F='f4', I='i4')[mode])).save(file)
    with pytest.raises(UserError, match=f'{file} .* mode {mode}; save it'):
        load_sample(build_host(folder(tmp_path)), 0)
