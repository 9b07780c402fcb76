"""torchvision's and Hugging Face's data sets, as they are."""
from __future__ import annotations

import io
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import layouts
import numpy as np
import pytest
import torch
import torchvision
from mmengine.registry import init_default_scope
from PIL import Image
from torch.utils.data import Subset
from torchvision.transforms import ToTensor

from mmrela.datasets.host import build_host, fit_channels
from mmrela.datasets.map_dataset import MapDataset
from mmrela.datasets.rela_target import RelaTargetDataset
from mmrela.errors import UserError
from mmrela.features.labelled import LabelledImages
from mmrela.pictures.access import content_id, load_sample, sample_id
from mmrela.pictures.rgb import Sample

LOAD = [dict(type='LoadImageFromFile')]
PACK = [dict(type='PackInputs')]
FAKE = dict(type='torchvision.datasets.FakeData', size=6,
            image_size=(3, 20, 30), num_classes=3)
STL10 = 'torchvision.datasets.STL10'


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmpretrain')


@pytest.fixture
def folder(tmp_path) -> dict:
    """A source of torchvision's that knows its files."""
    root = layouts.class_folders(tmp_path) / 'train'
    return dict(type='torchvision.datasets.ImageFolder', root=str(root))


@pytest.fixture
def stl10(tmp_path, monkeypatch) -> dict:
    monkeypatch.setattr(torchvision.datasets.STL10, '_check_integrity',
                        lambda self: True)
    return dict(type=STL10, root=str(layouts.stl10(tmp_path)))


def wrapped(source, **settings):
    return build_host(dict(type='MapDataset', source=source, **settings))


def ids(dataset) -> list[str]:
    return [sample_id(dataset, i) for i in range(len(dataset))]


def image(dataset, index: int = 0) -> np.ndarray:
    return load_sample(dataset, index)['img']


class Downloaded(torchvision.datasets.FakeData):
    """Whoever finds nothing downloads it, as torchvision's do."""

    def __init__(self, root: str, download: bool) -> None:
        super().__init__(size=3)
        file, begun = Path(root) / 'images', Path(root) / 'begun'
        if download and not file.exists():
            begun.touch(exist_ok=False)  # two would spoil each other's files
            time.sleep(0.3)
            file.touch()


class Listed(torch.utils.data.Dataset):
    """Items that are in a list."""

    def __init__(self, items: list) -> None:
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> object:
        return self.items[index]


def test_pictures_are_the_sources_own():
    """RGB, unless the pipeline begins as that of files does."""
    source = torchvision.datasets.FakeData(6, (3, 20, 30))
    rgb, bgr = wrapped(FAKE), wrapped(FAKE, pipeline=[*LOAD, *PACK])
    for i, (picture, _) in enumerate(source):
        pixels = np.asarray(picture)
        assert (image(rgb, i) == pixels).all()
        assert (image(bgr, i) == pixels[..., ::-1]).all()
        for dataset in (rgb, bgr):
            assert (np.asarray(Sample(dataset, i).image) == pixels).all()
        inputs = bgr[i]['inputs'].permute(1, 2, 0)
        assert (inputs.numpy() == pixels[..., ::-1]).all()
    assert ids(rgb) == ids(bgr) and len({*ids(rgb)}) == 6


def test_labels_that_the_items_alone_tell():
    expected = [label for _, label in torchvision.datasets.FakeData(
        6, (3, 20, 30), num_classes=3)]
    dataset = wrapped(FAKE, pipeline=PACK)
    assert LabelledImages('probe.train', dict(
        type='MapDataset', source=FAKE)).labels.tolist() == expected
    assert [dataset[i]['data_samples'].gt_label.item()
            for i in range(6)] == expected


def test_a_part_has_its_own_numbers():
    whole, part = wrapped(FAKE), wrapped(FAKE, indices=[4, 2])
    assert (image(part, 0) == image(whole, 4)).all()
    assert part.get_gt_labels().tolist() == whole.get_gt_labels()[
        [4, 2]].tolist()
    assert ids(part) == [f'{i}:{ids(whole)[row].partition(":")[2]}'
                         for i, row in enumerate([4, 2])]
    assert content_id(part, 0) == content_id(whole, 4)


def test_torchvisions_folder_is_mmpretrains(folder):
    """Targets of one are targets of the other."""
    ours = wrapped(folder, pipeline=LOAD)
    theirs = build_host(dict(type='CustomDataset', data_root=folder['root'],
                             pipeline=LOAD))
    assert ids(ours) == ids(theirs) and len(ours) == layouts.TRAIN
    assert content_id(ours, 5) == content_id(theirs, 5)
    assert (image(ours, 5) == image(theirs, 5)).all()
    assert (ours.get_gt_labels() == theirs.get_gt_labels()).all()
    assert ours.CLASSES == tuple(theirs.CLASSES)


def test_stl10(stl10):
    dataset = wrapped(dict(stl10, split='train'))
    assert dataset.CLASSES == ('a', 'b', 'c', 'd')
    assert dataset.get_gt_labels().tolist() == [
        i % layouts.CLASSES for i in range(layouts.TRAIN)]
    assert (image(dataset, 7) == layouts.colour(7)).all()
    unlabelled = dict(type='MapDataset',
                      source=dict(stl10, split='unlabeled'))
    assert 'gt_label' not in load_sample(build_host(unlabelled), 0)
    with pytest.raises(UserError, match='probe.train has no labels'):
        LabelledImages('probe.train', unlabelled)


def test_pictures_are_read_when_they_are_asked_for(folder, tmp_path):
    broken = tmp_path / 'train/class_1/01.jpg'
    broken.write_bytes(b'no picture')
    dataset = wrapped(folder)
    which = ids(dataset).index('class_1/01.jpg')
    assert len(dataset.get_gt_labels()) == layouts.TRAIN
    with pytest.raises(UserError, match=f'{broken} cannot be read'):
        assert Sample(dataset, which).image
    assert Sample(dataset, 0).image.size == (40, 40)


def encoded(picture: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize('make', [
    lambda file: layouts.plain(9), lambda file: (layouts.plain(9), 3),
    lambda file: np.asarray(layouts.plain(9)),
    lambda file: np.asarray(layouts.plain(9).convert('RGBA')),
    lambda file: dict(image=layouts.plain(9).quantize(4), label=3),
    lambda file: dict(image=str(file)), lambda file: [file, 3],
    lambda file: dict(image=dict(bytes=file.read_bytes(), path='x')),
    lambda file: dict(image=dict(bytes=None, path=str(file)))])
def test_what_items_may_be(make, tmp_path):
    file = tmp_path / 'a.png'
    layouts.plain(9).save(file)
    dataset = wrapped(Listed([make(file)]))
    assert (image(dataset) == layouts.colour(9)).all()
    assert image(dataset).shape == (40, 40, 3)
    assert len(sample_id(dataset, 0)) > 32


@pytest.mark.parametrize('make', [
    np.asarray, lambda grey: grey, lambda grey: encoded(grey, 'PNG')])
def test_grey_pictures_have_the_channels_that_the_network_takes(make):
    grey = layouts.plain(9).convert('L')
    dataset = wrapped(Listed([make(grey)]))
    level = grey.getpixel((0, 0))
    assert image(dataset).shape == (40, 40, 3)
    assert (image(dataset) == level).all()
    fit_channels(dataset, dict(
        model=dict(data_preprocessor=dict(mean=[3.]))))
    assert (image(dataset) == level).all() and image(dataset).ndim == 2


def test_other_items_are_named():
    wrong = (torch.zeros(3, 8, 8), np.zeros((3, 8, 8), np.uint8),
             np.zeros((8, 8, 3)), b'no picture')
    dataset = wrapped(Listed([*wrong]))
    for i in range(len(wrong)):
        with pytest.raises(UserError, match=f'image {i} cannot be read'):
            image(dataset, i)
    with pytest.raises(UserError, match='leave `transform` out of `source`'):
        image(wrapped(dict(FAKE, transform=ToTensor())))


def test_a_picture_that_cannot_be_read_still_has_an_id():
    class Broken(Listed):
        def __getitem__(self, index):
            return 1 / 0 if index == 1 else super().__getitem__(index)

    dataset = wrapped(Broken([layouts.plain(i) for i in range(3)]))
    assert [name.partition(':')[0] for name in ids(dataset)] == [*'012']
    with pytest.raises(UserError, match='image 1 cannot be read'):
        image(dataset, 1)


def test_labels_that_were_changed_come_from_the_items(stl10):
    changed = wrapped(dict(stl10, target_transform=lambda label: 9 - label))
    plain = torchvision.datasets.STL10(stl10['root'])
    assert changed.get_gt_labels().tolist() == [
        9 - label for _, label in plain]
    part = wrapped(Subset(plain, [5, 2]))
    assert part.get_gt_labels().tolist() == [plain[5][1], plain[2][1]]


@pytest.mark.parametrize('source, said', [
    (dict(type=STL10, root='/nowhere'), 'STL10 cannot be made .Dataset not'),
    (dict(type='nowhere.Images'), "nowhere.Images .* No module|'nowhere'"),
    (dict(type='torchvision.datasets.STL11'), 'no attribute .STL11.'),
    (dict(FAKE, sise=3), "FakeData cannot be made .*'sise'"),
    (dict(root='x'), 'name its `type`'),
    (dict(train=Listed([]), test=Listed([])),
     r"\['test', 'train'\].* choose one by `split`"),
    (iter([]), 'is no map-style data set')])
def test_what_is_no_source_is_refused(source, said):
    with pytest.raises(UserError, match=said):
        RelaTargetDataset('MapDataset', 'none', [], source=source)


@pytest.mark.parametrize('setting', [
    dict(to_float32=True), dict(color_type='grayscale')])
def test_other_ways_to_load_are_refused(setting):
    with pytest.raises(UserError, match='to_float32 and color_type'):
        wrapped(FAKE, pipeline=[dict(LOAD[0], **setting)])


@pytest.fixture
def hub(tmp_path):
    """One of Hugging Face's, which was saved."""
    pytest.importorskip('datasets.arrow_dataset')  # not this folder of tests
    from datasets import ClassLabel, Dataset, Features
    from datasets import Image as Column
    pictures = [layouts.plain(i) for i in range(5)]
    pictures[4] = pictures[4].convert('L')
    saved = Dataset.from_dict(
        dict(img=pictures, label=[0, 1, 1, 0, 1], more=[*'abcde']),
        features=Features(dict(
            img=Column(), label=ClassLabel(names=['cat', 'dog']),
            more=ClassLabel(names=[*'abcde']))))
    saved.save_to_disk(tmp_path / 'saved')
    return dict(type='datasets.load_from_disk',
                dataset_path=str(tmp_path / 'saved'))


def test_hugging_faces(hub, monkeypatch):
    dataset = wrapped(hub, image='img', pipeline=PACK)
    assert dataset.CLASSES == ('cat', 'dog')
    with monkeypatch.context() as patch:  # neither decodes a picture
        patch.setattr(Image, 'open', None)
        assert dataset.get_gt_labels().tolist() == [0, 1, 1, 0, 1]
        names = ids(dataset)
    assert len({*names}) == 5
    assert names == ids(wrapped(hub, image='img', pipeline=LOAD))
    for i in range(4):
        assert (image(dataset, i) == layouts.colour(i)).all()
        assert dataset[i]['inputs'][:, 0, 0].tolist() == [*layouts.colour(i)]
    assert image(dataset, 4).shape == (40, 40, 3)
    letters = wrapped(hub, image='img', label='more')
    assert letters.get_gt_labels().tolist() == [*range(5)]
    with pytest.raises(UserError, match=r"no column 'image': .*'img'"):
        wrapped(hub)


def test_ranks_download_one_after_the_other(tmp_path):
    source = dict(type=Downloaded, root=str(tmp_path), download=True)
    with ThreadPoolExecutor(2) as pool:
        made = [*pool.map(lambda _: MapDataset(source), range(2))]
    assert [*map(len, made)] == [3, 3]
    assert {file.name for file in tmp_path.iterdir()} == {'images', 'begun'}


def test_nothing_is_written_beside_data_that_are_there(tmp_path):
    def ready(root, download):
        return torchvision.datasets.FakeData(3)

    nowhere = tmp_path / 'file'
    nowhere.touch()  # so no folder, and no lock in it
    source = dict(type=ready, root=str(nowhere), download=True)
    assert len(MapDataset(source)) == 3
