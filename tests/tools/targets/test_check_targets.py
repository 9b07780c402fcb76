"""Images that change behind their targets, and files of a store."""
from __future__ import annotations

import shutil
from pathlib import Path

import layouts
import pytest
from calls import CIFAR, call, lines
from mmpretrain.datasets.custom import CustomDataset

# A list, if there is one, takes the place of the folder's own order.
CONFIG = f"""\
_base_ = {CIFAR!r}
model = dict(rela_head=dict(out_channels=4))
train_dataloader = dict(
    batch_size=8, num_workers=0, persistent_workers=False,
    dataset=dict(
        _delete_=True, type='RelaTargetDataset', host='CustomDataset',
        data_root='ROOT', data_prefix='images', ann_file='LIST',
        with_label=False, targets='ROOT/store',
        pipeline=[dict(type='LoadImageFromFile'), dict(type='PackInputs')],
        rela_pipeline=[dict(type='PackInputs')]))
"""


def write_config(root: Path, names: str = '') -> Path:
    text = CONFIG.replace('ROOT', str(root)).replace('LIST', names)
    (root / 'config.py').write_text(text)
    return root / 'config.py'


@pytest.fixture(scope='module')
def generated(tmp_path_factory) -> Path:
    """A directory with a flat folder of images and their targets."""
    root = layouts.flat_folder(tmp_path_factory.mktemp('generated'))
    assert call('gen_targets', write_config(root), '--prior', 'random',
                '--image-size', 32) == 0
    return root


@pytest.fixture
def root(generated, tmp_path) -> Path:
    """A copy of it for one test, with a config."""
    root = tmp_path / 'copy'
    shutil.copytree(generated, root)
    write_config(root)
    return root


def add(root: Path) -> None:
    layouts.save(layouts.plain(30), root / 'images' / '30.jpg')


def remove(root: Path) -> None:
    (root / 'images' / '06.jpg').unlink()


def rename(root: Path) -> None:
    (root / 'images' / '06.jpg').rename(root / 'images' / '06_b.jpg')


def swap(root: Path) -> None:
    """Two lines of a list that named the images in the folder's order."""
    images = CustomDataset(data_root=str(root), data_prefix='images',
                           with_label=False)
    names = [Path(images.get_data_info(i)['img_path']).relative_to(
        root / 'images').as_posix() for i in range(len(images))]
    file = root / 'list.txt'
    config = write_config(root, 'list.txt')
    file.write_text('\n'.join(names))
    assert call('check_targets', root / 'store', '--config', config) == 0
    names[6], names[7] = names[7], names[6]
    file.write_text('\n'.join(names))


@pytest.mark.parametrize('change, reason', [
    (add, 'of 24 images, the data set has 25'),
    (remove, 'of 24 images, the data set has 23'),
    (rename, 'other images than those of the data set, or in another order'),
    (swap, 'other images than those of the data set, or in another order'),
])
def test_other_images_are_refused(root, capsys, change, reason):
    store, config = root / 'store', root / 'config.py'
    assert call('check_targets', store, '--config', config) == 0
    change(root)
    capsys.readouterr()
    assert call('check_targets', store, '--config', config) == 1
    out, err = capsys.readouterr()
    assert len(lines(out)) == 1 and lines(err) == []
    assert str(store) in out and reason in out
    assert 'run tools/gen_targets.py for this data set' in out
    assert call('train', config, '--work-dir', root / 'work') == 2
    said = lines(capsys.readouterr().err)[-1]
    assert said == f'error: {lines(out)[0]}'


def test_contents_swapped_under_their_names_need_verify(root, capsys):
    """A file's id is its path: only the prior sees the difference."""
    store, config = root / 'store', root / 'config.py'
    verify = ['gen_targets', config, '--prior', 'random', '--image-size', 32,
              '--verify', 24]
    assert call(*verify) == 0
    first, second = root / 'images' / '06.jpg', root / 'images' / '08.jpg'
    first.rename(root / 'aside')
    second.rename(first)
    (root / 'aside').rename(second)
    assert call('check_targets', store, '--config', config, '--deep') == 0
    capsys.readouterr()
    assert call(*verify) == 2
    said = lines(capsys.readouterr().err)
    assert len(said) == 1 and f'{store} differs' in said[0]


def test_missing_pca(root, capsys):
    """Training needs none, so only --deep asks for it."""
    (root / 'store' / 'pca.npz').unlink()
    assert call('check_targets', root / 'store') == 0
    capsys.readouterr()
    assert call('check_targets', root / 'store', '--deep') == 1
    out, err = capsys.readouterr()
    assert len(lines(out)) == 1 and lines(err) == []
    assert f"{root / 'store' / 'pca.npz'} is damaged (No such file" in out
    assert 'run tools/gen_targets.py again' in out


@pytest.mark.parametrize('name', ['targets.npy', 'pca.npz'])
def test_a_link_to_another_disk_is_as_good_as_a_file(root, capsys, name):
    file, elsewhere = root / 'store' / name, root / 'elsewhere'
    file.rename(elsewhere)
    file.symlink_to(elsewhere)
    assert call('check_targets', root / 'store', '--deep') == 0
    content = bytearray(elsewhere.read_bytes())
    content[-80] ^= 1
    elsewhere.write_bytes(content)
    assert call('check_targets', root / 'store', '--deep') == 1
    elsewhere.unlink()
    assert call('check_targets', root / 'store', '--deep') == 1
    out = lines(capsys.readouterr().out)
    assert [f'{file} is damaged' in line for line in out] == [0, 1, 1]
    assert 'No such file' in out[-1]
