import struct

import numpy as np
import pytest
from layouts import cifar100, colour
from mmpretrain.registry import DATASETS

from mmrela.datasets.cifar import CIFAR10Binary, CIFAR100Binary
from mmrela.errors import UserError

FOLDER = 'cifar-10-batches-bin'
FILES = [*(f'data_batch_{i}.bin' for i in range(1, 6)), 'test_batch.bin']
ROW = struct.Struct('B1024s1024s1024s')  # label, red, green, blue
COUNT = 10000


@pytest.fixture
def labelled_root(tmp_path):
    """File i starts with label i; all the rest is zero, and sparse."""
    (tmp_path / FOLDER).mkdir()
    for label, name in enumerate(FILES, 1):
        with open(tmp_path / FOLDER / name, 'wb') as file:
            file.write(bytes([label]))
            file.truncate(COUNT * ROW.size)
    return tmp_path


def first_rows(file, count):
    """Labels, and pixels as nested lists [row][column][channel]."""
    with open(file, 'rb') as f:
        for _ in range(count):
            label, *planes = ROW.unpack(f.read(ROW.size))
            pixels = list(zip(*planes))
            yield label, [pixels[i:i + 32] for i in range(0, 1024, 32)]


@pytest.mark.parametrize('split, file', [('train', FILES[0]),
                                         ('test', FILES[5])])
def test_rows_are_those_of_the_file(cifar_root, split, file):
    dataset = CIFAR10Binary(str(cifar_root), split, indices=5)
    for i, (label, image) in enumerate(
            first_rows(cifar_root / FOLDER / file, 5)):
        info = dataset.get_data_info(i)
        assert info['gt_label'] == label
        assert info['img'].dtype == np.uint8
        np.testing.assert_array_equal(info['img'], image)


@pytest.mark.parametrize('split, expected', [
    ('train', {0: 1, 10000: 2, 20000: 3, 30000: 4, 40000: 5}),
    ('test', {0: 6})])
def test_splits_hold_their_files_in_order(labelled_root, split, expected):
    dataset = CIFAR10Binary(str(labelled_root), split)
    assert len(dataset) == COUNT * len(expected)
    labels = dataset.get_gt_labels()
    assert {i: labels[i] for i in labels.nonzero()[0]} == expected


@pytest.mark.parametrize('indices, expected', [
    (3, [0, 1, 2]), ([9999, 4], [9999, 4]), (-1, [49999])])
def test_indices_choose_images(cifar_root, indices, expected):
    """The fixture's labels are the row modulo 10."""
    dataset = CIFAR10Binary(str(cifar_root), indices=indices)
    assert dataset.get_gt_labels().tolist() == [i % 10 for i in expected]


def test_pipeline_gets_what_other_data_sets_give(cifar_root):
    dataset = DATASETS.build(dict(
        type='CIFAR10Binary', data_root=str(cifar_root), indices=2,
        pipeline=[dict(type='PackInputs')]))
    sample = dataset[1]
    image = dataset.get_data_info(1)['img']
    np.testing.assert_array_equal(
        sample['inputs'].permute(1, 2, 0).numpy(), image)
    assert sample['data_samples'].gt_label.item() == 1
    assert len(dataset.CLASSES) == 10 and dataset.CLASSES[9] == 'truck'


@pytest.mark.parametrize('name, split', [(FILES[2], 'train'),
                                         (FILES[5], 'test')])
@pytest.mark.parametrize('size', [COUNT * ROW.size - 1, COUNT * ROW.size + 1,
                                  (COUNT + 1) * ROW.size, 0, None])
def test_damaged_files_are_refused(labelled_root, name, split, size):
    """Of another size, or missing; the sentence names file and cure."""
    file = labelled_root / FOLDER / name
    if size is None:
        file.unlink()
    else:
        with open(file, 'r+b') as f:
            f.truncate(size)
    with pytest.raises(UserError) as error:
        CIFAR10Binary(str(labelled_root), split)
    assert str(file) in str(error.value)
    assert 'tools/prepare_cifar10.py' in str(error.value)


@pytest.mark.parametrize('split, count', [('train', 50000), ('test', 10000)])
def test_cifar100(tmp_path, split, count):
    """The fine class is the row modulo 100, the coarse one modulo 20."""
    dataset = DATASETS.build(dict(
        type='CIFAR100Binary', data_root=str(cifar100(tmp_path)),
        split=split, pipeline=[dict(type='PackInputs')]))
    assert len(dataset) == count
    assert dataset.get_gt_labels()[:100].tolist() == list(range(100))
    for i in (0, 1, 63, 99):
        image = dataset.get_data_info(i)['img']
        assert image.shape == (32, 32, 3) and image.dtype == np.uint8
        assert (image == colour(i)).all()
        assert dataset[i]['data_samples'].gt_label.item() == i
    assert len(dataset.CLASSES) == 100 and dataset.CLASSES[99] == 'worm'


@pytest.mark.parametrize('split, size', [
    ('train', 50000 * 3073), ('test', 10000 * 3074 - 1), ('test', None)])
def test_damaged_cifar100(tmp_path, split, size):
    file = cifar100(tmp_path) / 'cifar-100-binary' / f'{split}.bin'
    if size is None:
        file.unlink()
    else:
        with open(file, 'r+b') as f:
            f.truncate(size)
    with pytest.raises(UserError) as error:
        CIFAR100Binary(str(tmp_path), split)
    assert str(file) in str(error.value)
    assert 'cifar-100-binary.tar.gz' in str(error.value)
