import numpy as np
import pytest
from layouts import CLASSES, TEST, TRAIN, WNIDS, colour, tiny_imagenet
from mmengine.registry import init_default_scope
from mmpretrain.registry import DATASETS
from PIL import Image

from mmrela.datasets.tiny_imagenet import LoadRGBImageFromFile, TinyImageNet
from mmrela.errors import UserError
from mmrela.pictures.access import load_sample

PACK = [dict(type='PackInputs')]


@pytest.fixture
def root(tmp_path):
    init_default_scope('mmpretrain')
    return tiny_imagenet(tmp_path)


def number(info):
    """Which image of the fixture it is; its class is that modulo 4."""
    return int(info['img_path'].rpartition('_')[2].removesuffix('.JPEG'))


@pytest.mark.parametrize('split, count', [('train', TRAIN), ('val', TEST)])
def test_labels_follow_the_lines_of_wnids(root, split, count):
    dataset = TinyImageNet(str(root), split)
    infos = [dataset.get_data_info(i) for i in range(len(dataset))]
    assert sorted(map(number, infos)) == list(range(count))
    assert all(i['gt_label'] == number(i) % CLASSES for i in infos)
    assert dataset.CLASSES == tuple(WNIDS)
    assert dataset.get_gt_labels().tolist() == [i['gt_label'] for i in infos]


@pytest.mark.parametrize('split', ['train', 'val'])
def test_images_come_as_rgb(root, split):
    """Without a word of the pipeline; every fifth file is grey."""
    dataset = DATASETS.build(dict(
        type='TinyImageNet', data_root=str(root), split=split, pipeline=PACK))
    for i in range(len(dataset)):
        image = load_sample(dataset, i)['img']
        which = number(dataset.get_data_info(i))
        plain = Image.new('RGB', (64, 64), colour(which))
        if which % 5 == 4:
            plain = plain.convert('L').convert('RGB')
        assert image.shape == (64, 64, 3) and image.dtype == np.uint8
        assert abs(image.astype(int) - np.asarray(plain)).max() <= 2
        packed = dataset[i]
        np.testing.assert_array_equal(
            packed['inputs'].permute(1, 2, 0).numpy(), image)
        assert packed['data_samples'].gt_label.item() == which % CLASSES


def test_images_that_may_lack_are_left_out(tmp_path):
    bad = tmp_path / 'bad.JPEG'
    bad.write_bytes(b'no picture')
    load = LoadRGBImageFromFile(ignore_empty=True)
    assert load(dict(img_path=str(bad))) is None


def test_order_does_not_depend_on_the_file_system(root, monkeypatch):
    def paths():
        dataset = TinyImageNet(str(root))
        return [dataset.get_data_info(i)['img_path'] for i in range(TRAIN)]

    expected, glob = paths(), type(root).glob
    monkeypatch.setattr(
        type(root), 'glob', lambda *args: reversed(list(glob(*args))))
    assert paths() == expected


def test_unknown_split(root):
    with pytest.raises(UserError, match='train or val'):
        TinyImageNet(str(root), 'test')


@pytest.mark.parametrize('file, split', [
    ('wnids.txt', 'train'), ('wnids.txt', 'val'),
    ('val/val_annotations.txt', 'val')])
def test_missing_lists(root, file, split):
    (root / file).unlink()
    with pytest.raises(UserError, match=file):
        TinyImageNet(str(root), split)


def test_unlisted_class(root):
    (root / 'wnids.txt').write_text(f'{WNIDS[0]}\n')
    with pytest.raises(UserError, match=WNIDS[1]):
        TinyImageNet(str(root), 'val')


def test_no_images(root):
    (root / 'train').rename(root / 'elsewhere')
    with pytest.raises(UserError, match='tiny-imagenet-200'):
        TinyImageNet(str(root))
