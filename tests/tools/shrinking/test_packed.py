"""One LMDB in place of a folder: the same ids, pictures and targets."""
from __future__ import annotations

import shutil
import sys
from pathlib import Path

import layouts
import numpy as np
import pytest
from calls import DATA, ROOT, call
from mmengine.registry import init_default_scope
from PIL import Image
from torch.utils.data import DataLoader, default_convert

from mmrela.datasets.rela_target import RelaTargetDataset
from mmrela.datasets.samplers.rela_sampler import RelaIndex
from mmrela.errors import UserError
from mmrela.pictures.rgb import Sample
from mmrela.targets import TargetStore

FOLDER = str(ROOT / 'configs' / 'byol_rela_r18_folder.py')
CROP = [dict(type='RandomResizedCrop', scale=16, crop_ratio_range=(0.5, 1.))]
WEAK = [dict(type='MultiView', num_views=1, transforms=[CROP]),
        dict(type='PackInputs')]


@pytest.fixture(scope='module')
def place(tmp_path_factory) -> Path:
    """``small`` with its LMDB, its list, and targets of the folder."""
    pytest.importorskip('lmdb')
    root = tmp_path_factory.mktemp('packed')
    for i in range(6):
        layouts.save(layouts.plain(i, (60, 50)), root / f'large/{i}.jpg')
        layouts.save(layouts.plain(9 + i), root / f'large/more/{i}.PNG')
    (root / 'large' / 'notes.txt').write_text('no picture')
    assert call('prepare_images', root / 'large', root / 'small',
                '--short-side', 40, '--lmdb', '--workers', 1) == 0
    assert call('gen_targets', *asked(
        root / 'targets', f'{DATA}.data_root={root / "small"}')) == 0
    return root


def asked(out: Path, *options) -> list:
    return [FOLDER, '--prior', 'random', '--image-size', 32, '--dim', 2,
            '--out', out,
            '--cfg-options', 'train_dataloader.num_workers=0', *options]


def backend(root: Path) -> dict:
    return dict(backend='lmdb', db_path=str(root / 'small.lmdb'))


def packed(root: Path, **settings) -> RelaTargetDataset:
    return dataset(root, ann_file=str(root / 'small.txt'), load=dict(
        type='LoadImageFromFile', backend_args=backend(root)), **settings)


def dataset(root: Path, load: dict, **settings) -> RelaTargetDataset:
    init_default_scope('mmpretrain')
    return RelaTargetDataset('CustomDataset', str(root / 'targets'), WEAK,
                             with_label=False, pipeline=[load, *WEAK],
                             **settings)


@pytest.mark.parametrize('late', [False, True])
@pytest.mark.parametrize('lam', [0, 1])
def test_views_and_ids_are_the_folders(place, late, lam):
    folder = dataset(place, dict(type='LoadImageFromFile'),
                     data_root=str(place / 'small'), late_decoding=late)
    one_file = packed(place, late_decoding=late)
    assert [*one_file.sample_ids()] == [*folder.sample_ids()]
    one_file.check_targets(2)
    order = [RelaIndex(i, lam, 7 + i) for i in range(12)]
    assert one_file[order[0]]  # opened before the workers start
    loader = DataLoader(one_file, sampler=order, num_workers=2,
                        collate_fn=default_convert, batch_size=None,
                        multiprocessing_context='fork')
    for index, found in zip(order, loader):
        expected = folder[index]
        assert (found['inputs'][0] == expected['inputs'][0]).all()
        if lam:
            assert (found['data_samples'].rela_target
                    == expected['data_samples'].rela_target).all()


def test_targets_are_the_folders(place, tmp_path):
    where = (('backend', 'lmdb'), ('db_path', place / 'small.lmdb'))
    assert call('gen_targets', *asked(
        tmp_path / 'targets', f'{DATA}.data_root=',
        f'{DATA}.ann_file={place / "small.txt"}',
        *(f'{DATA}.pipeline.0.backend_args.{key}={value}'
          for key, value in where))) == 0
    stores = [TargetStore.open(str(root / 'targets'))
              for root in (place, tmp_path)]
    assert stores[0].meta['ids'] == stores[1].meta['ids']
    np.testing.assert_array_equal(*(store[[*range(12)]] for store in stores))


def test_a_picture_that_is_not_in_it_is_named(place, tmp_path):
    (tmp_path / 'list.txt').write_text('0.jpg\nnone.jpg\n')
    other = dataset(place, ann_file=str(tmp_path / 'list.txt'), load=dict(
        type='LoadImageFromFile', backend_args=backend(place)))
    assert Sample(other.dataset, 0).image.size == (48, 40)
    with pytest.raises(UserError, match='none.jpg cannot be read .not in .*'
                       'small.lmdb'):
        assert Sample(other.dataset, 1).image


def test_what_cannot_be_packed(place, tmp_path, monkeypatch, capsys):
    source = shutil.copytree(place / 'small', tmp_path / 'source')
    layouts.save(Image.new('L', (9, 9)), source / 'é.png')
    call_it = 'prepare_images', source, tmp_path / 'small', '--lmdb'
    assert call(*call_it) == 2
    assert 'é.png is no key of an LMDB' in capsys.readouterr().err
    assert not (tmp_path / 'small.txt').exists()
    monkeypatch.setitem(sys.modules, 'lmdb', None)
    assert call(*call_it) == 2
    assert 'pip install lmdb' in capsys.readouterr().err
