"""Folders of all formats, grey images, and data that is not there."""
from __future__ import annotations

import gzip
import re
from pathlib import Path

import layouts
import pytest
from mmengine.registry import init_default_scope
from mmpretrain.datasets import CustomDataset
from mmpretrain.registry import DATASETS

from mmrela.datasets.host import build_host, fit_channels, parts
from mmrela.datasets.missing import explained
from mmrela.datasets.passed_over import passed_over
from mmrela.datasets.rela_target import RelaTargetDataset
from mmrela.errors import UserError
from mmrela.features.labelled import LabelledImages
from mmrela.pictures.access import content_id, load_sample, sample_id
from mmrela.pictures.formats import extensions

LOAD = [dict(type='LoadImageFromFile')]
FLAT = dict(type='CustomDataset', with_label=False, pipeline=LOAD)
CLASSES = dict(type='CustomDataset', pipeline=LOAD)
NAMES = ['a.webp', 'b.TIFF', 'c.jpg', 'd.tiff', 'e.gif', 'f.PNG', 'g/h.tga']
GREY = dict(data_preprocessor=dict(mean=[3.]))


class OwnFolder(CustomDataset):
    """Says itself which files it takes."""

    def __init__(self, **kwargs) -> None:
        super().__init__(extensions=('.gif', ), **kwargs)


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmpretrain')


@pytest.fixture
def mixed(tmp_path) -> Path:
    """Pictures of several formats, and files that are none."""
    for i, name in enumerate(NAMES):
        layouts.save(layouts.plain(i), tmp_path / name)
    for name in ('movie.mpg', 'notes.txt', 'g/more.txt', 'LICENSE', '.hidden'):
        (tmp_path / name).write_text('no picture')
    return tmp_path


def ids(dataset) -> list[str]:
    return [sample_id(dataset, i) for i in range(len(dataset))]


def test_a_folder_takes_what_pillow_reads(mixed):
    dataset = build_host(dict(FLAT, data_root=str(mixed)))
    assert ids(dataset) == NAMES
    for i in range(len(NAMES)):
        b, g, r = load_sample(dataset, i)['img'][20, 20].astype(int)
        assert (abs(r - layouts.colour(i)[0]) < 3
                and abs(b - layouts.colour(i)[2]) < 3)
    assert passed_over(dataset) == (
        f'4 files below {mixed}/ were passed over: 2 .txt, 1 .mpg, '
        '1 without a suffix (Pillow reads no such files).')


def test_training_targets_and_probe_see_the_same(mixed):
    for name in NAMES:
        layouts.save(layouts.plain(0), mixed / 'classes' / f'c{name[0]}' /
                     Path(name).name)
    root = dict(data_root=str(mixed), data_prefix='classes')
    probe = LabelledImages('probe.train', dict(CLASSES, **root))
    trained = RelaTargetDataset('CustomDataset', 'none', [], **root,
                                pipeline=LOAD)
    joined = RelaTargetDataset('ConcatDataset', 'none', [], datasets=[
        dict(CLASSES, **root), dict(CLASSES, **root)])
    assert ids(probe.dataset) == [*trained.sample_ids()]
    assert [*joined.sample_ids()] == 2 * ids(probe.dataset)
    assert len(probe) == len(NAMES)
    assert [type(t).__name__ for t in probe.dataset.pipeline.transforms] == [
        'LoadPicture', 'LoadChannels']


@pytest.mark.parametrize('build, given', [
    (layouts.flat_folder, FLAT), (layouts.class_folders, dict(
        CLASSES, data_prefix='train'))])
def test_ids_of_usual_folders_are_mmpretrains(build, given, tmp_path):
    given = dict(given, data_root=str(build(tmp_path)))
    assert ids(build_host(given)) == ids(DATASETS.build(given)) != []


def test_ones_own_extensions(mixed):
    dataset = build_host(dict(
        FLAT, data_root=str(mixed), extensions=['.jpg']))
    assert ids(dataset) == ['c.jpg']
    assert 'among its `extensions`' in passed_over(dataset)
    own = dict(type=OwnFolder, data_root=str(mixed), with_label=False)
    assert ids(build_host(own)) == ['e.gif']


def test_pictures_beside_the_folders_of_classes(mixed):
    dataset = build_host(dict(CLASSES, data_root=str(mixed)))
    assert ids(dataset) == ['g/h.tga']
    assert passed_over(dataset).endswith(
        '; 6 outside of the folders of classes.')


def test_nothing_is_said_of_what_was_taken_whole(tmp_path):
    root = str(layouts.class_folders(tmp_path))
    listed = tmp_path / 'list.txt'
    listed.write_text('train/class_0/00.jpg\n')
    both = dict(type='ConcatDataset', ignore_keys='classes', datasets=[
        dict(CLASSES, data_root=root, data_prefix='train'),
        dict(FLAT, data_root=root, ann_file=str(listed))])
    dataset = build_host(both)
    assert len([*parts(dataset)]) == 2 and passed_over(dataset) == ''
    assert '.txt' in passed_over(build_host(dict(FLAT, data_root=root)))


def test_extensions_are_of_what_can_be_decoded():
    assert {'.webp', '.tiff', '.jpg', '.gif', '.mpo'} <= {*extensions()}
    assert not {'.pdf', '.mpg', '.h5', '.eps', '.wmf'} & {*extensions()}


@pytest.fixture
def fashion(tmp_path) -> dict:
    return dict(type='FashionMNIST', data_root=str(
        layouts.fashion_mnist(tmp_path)), download=False)


def test_grey_images_have_the_channels_that_the_network_takes(fashion):
    dataset = build_host(fashion)
    image = load_sample(dataset, 3)['img']
    assert image.shape == (28, 28, 3)
    assert (image == dataset.get_data_info(3)['img'][..., None]).all()
    assert ids(dataset) == ids(DATASETS.build(fashion))  # of the raw pixels
    for model, shape in ((dict(), (28, 28, 3)), (GREY, (28, 28))):
        fit_channels(dataset, dict(model=model))
        assert load_sample(dataset, 3)['img'].shape == shape


def test_a_network_of_one_channel_has_no_colour_views(fashion):
    jitter = dict(type='mmpretrain.ColorJitter', hue=0.1)
    nested = dict(fashion, pipeline=[dict(
        type='MultiView', transforms=[[dict(
            type='RandomApply', transforms=[jitter])]])])
    cfg = dict(model=GREY, train_dataloader=dict(dataset=nested))
    with pytest.raises(UserError, match='one channel, and ColorJitter needs'):
        fit_channels(build_host(fashion), cfg)
    fit_channels(build_host(fashion), dict(cfg, model=dict()))


def test_a_split_that_reads_the_other_one_is_refused(fashion):
    for split, mode in (('test', False), ('train', True)):
        with pytest.raises(UserError, match=f'set test_mode={not mode}'):
            build_host(dict(fashion, split=split, test_mode=mode))
    first = (build_host(dict(fashion, split=split, test_mode=mode))
             for split, mode in (('train', False), ('test', True)))
    assert len({content_id(dataset, 0) for dataset in first}) == 2


def sentence(cfg: dict) -> str:
    with pytest.raises(UserError) as caught, explained(cfg, 'It', 'probe.a'):
        build_host(cfg)
    return str(caught.value)


def test_the_file_that_was_looked_for_is_named(fashion, monkeypatch):
    root = Path(fashion['data_root'])
    images = root / 't10k-images-idx3-ubyte'
    images.unlink()
    said = f'It cannot read its data ({images} is missing or damaged, though'
    assert sentence(fashion).startswith(said)
    assert sentence(fashion).endswith(': put it there')
    for name in ('a.gz', 't10k-images-idx3-ubyte.gz'):
        (root / name).write_bytes(gzip.compress(b'x'))
    assert sentence(fashion).endswith(f': unpack {images}.gz')
    assert sentence(dict(fashion, data_root='/nowhere')).endswith(
        ': point probe.a.data_root to it')
    wrapped = dict(type='RepeatDataset', times=2, dataset=fashion)
    assert sentence(wrapped).startswith(said)


def test_a_damaged_file_is_named(tmp_path):
    """CIFAR's files have checksums, which these do not have."""
    root = layouts.cifar_python(tmp_path)
    batch = root / 'cifar-10-batches-py' / 'data_batch_1'
    cfg = dict(type='CIFAR10', data_root=str(root), download=False)
    assert f'({batch} is missing or damaged' in sentence(cfg)


def test_archives_in_a_folder_without_images(tmp_path):
    (tmp_path / 'all.zip').write_bytes(b'')
    folder = dict(FLAT, data_root=str(tmp_path))
    assert re.search(r'\(Found 0 files in .*\): unpack .*/all\.zip$',
                     sentence(folder))
    missing = dict(folder, data_prefix='train')
    assert f'({tmp_path}/train is missing' in sentence(missing)
    (tmp_path / 'all.zip').unlink()
    assert sentence(folder).endswith(': point probe.a.data_root to it')
