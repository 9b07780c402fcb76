"""Copies with a short side of few pixels, for every kind of file."""
from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from calls import call
from mmengine.registry import init_default_scope
from PIL import Image

from _lib.shrinking.folder import prepare
from _lib.shrinking.picture import shrunk
from mmrela.datasets.rela_target import RelaTargetDataset
from mmrela.datasets.samplers.rela_sampler import RelaIndex
from mmrela.pictures.formats import decode
from mmrela.targets import Manifest, hash_ids, write_store

SLOPE, HILL = (make('L').resize((130, 90)) for make in (
    Image.linear_gradient, Image.radial_gradient))
RGB = Image.merge('RGB', (SLOPE, HILL, SLOPE.rotate(180)))
WEAK = [dict(type='MultiView', num_views=1, transforms=[[
    dict(type='RandomResizedCrop', scale=16)]]), dict(type='PackInputs')]


def encoded(image: Image.Image, kind: str, **settings) -> bytes:
    content = BytesIO()
    image.save(content, kind, **settings)
    return content.getvalue()


def content_of(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes()
            for file in folder.rglob('*') if file.is_file()}


@pytest.fixture
def source(tmp_path) -> Path:
    """Two classes, a list, and a damaged picture."""
    root = tmp_path / 'source'
    for i in range(6):
        folder = root / 'train' / f'class_{i % 2}'
        folder.mkdir(parents=True, exist_ok=True)
        image = RGB.resize((70 + 9 * i, 50)) if i else RGB.resize((20, 33))
        image.save(folder / f'{i}.{("jpg", "PNG")[i // 2 % 2]}')
    (root / 'meta').mkdir()
    (root / 'meta' / 'train.txt').write_text('a list')
    (root / 'train' / 'class_1' / 'bad.jpg').write_bytes(
        encoded(RGB, 'JPEG')[:-300])
    return root


@pytest.mark.parametrize('mode', ['RGB', 'L', 'CMYK', 'RGBA', 'LA', 'P', '1'])
@pytest.mark.parametrize('kind, most', [
    ('JPEG', 4), ('PNG', 3), ('WEBP', 5), ('TIFF', 3), ('BMP', 3)])
def test_a_small_picture_looks_like_the_large_one(mode, kind, most):
    image = RGB.convert(mode)
    try:
        content = encoded(image, kind, **dict(quality=95) if kind in (
            'JPEG', 'WEBP') else {})
    except OSError:
        pytest.skip(f'Pillow writes no {mode} as {kind}')
    small = shrunk(content, 30)
    with Image.open(BytesIO(small)) as found:
        assert found.format == kind and found.size == (43, 30)
    wanted = Image.fromarray(decode(content)).resize((43, 30), Image.BOX)
    difference = abs(decode(small).astype(float) - np.asarray(wanted))
    assert difference.mean() < most + 12 * (mode == '1')


@pytest.mark.parametrize('orientation', [1, 6, 8])
def test_orientation_and_profile_come_along(orientation):
    exif = Image.Exif()
    exif[274] = orientation
    small = shrunk(encoded(RGB, 'JPEG', exif=exif, icc_profile=b'colours'),
                   30)
    with Image.open(BytesIO(small)) as found:
        assert found.info['icc_profile'] == b'colours'
    assert decode(small).shape[:2] == (
        (30, 43) if orientation == 1 else (43, 30))


@pytest.mark.parametrize('content', [
    encoded(RGB, 'GIF'), encoded(RGB, 'TGA'),
    encoded(RGB, 'PNG', save_all=True, append_images=[RGB.rotate(90)]),
    encoded(Image.fromarray(np.full((90, 90), 7, np.uint16)), 'PNG'),
    encoded(RGB.resize((200, 30)), 'JPEG')],
    ids=['gif', 'tga', 'animated', '16 bits', 'small'])
def test_what_stays_as_it_is(content):
    assert shrunk(content, 30) is None


def test_a_folder(source, tmp_path, capsys):
    target = tmp_path / 'target'
    bad = source / 'train' / 'class_1' / 'bad.jpg'
    assert call('prepare_images', source, target, '--short-side', 40,
                '--workers', 2) == 0
    said, *last = capsys.readouterr().out.splitlines()
    assert said.startswith(f'{bad} cannot be read (OSError: ')
    assert last == [f'{target}: 5 shrunk, 1 copied as they are, 1 other '
                    'files, 1 damaged; short sides have 40 pixels at most']
    before, after = content_of(source), content_of(target)
    assert [*sorted(before)] == [*sorted(after)]
    assert {name for name in before if before[name] == after[name]} == {
        'meta/train.txt', 'train/class_1/bad.jpg', 'train/class_0/0.jpg'}


def test_a_killed_run_goes_on(source, tmp_path):
    target = tmp_path / 'target'
    prepare(source, target, 40, 1)
    whole = content_of(target)
    for name in [*whole][::2]:
        (target / name).unlink()
    torn = target / 'train' / 'class_0' / f'2.PNG.{"0a" * 8}.tmp'
    torn.write_bytes(b'half')
    assert '4 there already' in prepare(source, target, 40, 2)
    assert content_of(target) == whole and not torn.exists()


def test_one_store_serves_both(source, tmp_path):
    """Made on the originals; the copy trains with it."""
    init_default_scope('mmpretrain')
    target = tmp_path / 'target'
    prepare(source, target, 40, 1)

    def dataset(root: Path) -> RelaTargetDataset:
        return RelaTargetDataset(
            'CustomDataset', str(tmp_path / 'store'), WEAK,
            data_root=str(root), data_prefix='train',
            pipeline=[dict(type='LoadImageFromFile'), *WEAK])

    originals, copy = dataset(source), dataset(target)
    bad = next(i for i, name in enumerate(originals.sample_ids())
               if 'bad' in name)
    targets = np.arange(21., dtype=np.float32).reshape(7, 3)
    write_store(tmp_path / 'store', [targets], Manifest(
        7, 3, ids=hash_ids(originals.sample_ids()),
        skipped=((bad, 'train/class_1/bad.jpg'), )))
    copy.check_targets()
    assert len(copy) == 6
    for i in range(6):
        found = copy[RelaIndex(i, 1, 0)]['data_samples']
        assert (found.rela_target == targets[copy.among_all(i)]).all()
        assert Path(found.img_path).is_relative_to(target)


@pytest.mark.parametrize('kind', ['link', 'pipe'])
def test_a_file_that_cannot_be_read(source, tmp_path, mistake, kind):
    """Such as a link of git-annex whose content was not fetched."""
    file = source / 'train' / 'none.jpg'
    if kind == 'link':
        file.symlink_to(tmp_path / 'nowhere')
    else:
        os.mkfifo(file)
    assert f'{file} cannot be read' in mistake(
        'prepare_images', source, tmp_path / 'target', '--workers', 1)


def test_what_cannot_be_prepared(source, tmp_path, capsys):
    target = tmp_path / 'target'
    assert call('prepare_images', source, source / 'small') == 2
    assert call('prepare_images', source / 'train', source) == 2
    assert call('prepare_images', tmp_path / 'none', target) == 2
    said = capsys.readouterr().err
    assert said.count('name a folder of its own') == 2
    assert 'none has no files: name a folder of pictures' in said
    prepare(source, target, 40, 1)
    assert call('prepare_images', source, target) == 2
    assert ("holds {'short_side': 40} and not {'short_side': 256}: remove it "
            'and target.json') in capsys.readouterr().err
    (tmp_path / 'other').mkdir()
    assert call('prepare_images', source, tmp_path / 'other') == 2
    assert 'other holds files and not' in capsys.readouterr().err
