"""The configs that the page of configs spells out: targets to probe."""
from __future__ import annotations

import re
import sys
from pathlib import Path
from types import SimpleNamespace

import layouts
import numpy as np
import pytest
import torchvision
from calls import DATA, ROOT, call
from mmpretrain.datasets import CustomDataset

from mmrela.pictures.rgb import Sample

SMALL = ['train_dataloader.batch_size=8', 'train_dataloader.num_workers=0',
         'train_dataloader.persistent_workers=False', 'train_cfg.max_epochs=1',
         'model.backbone.base_channels=8', 'model.backbone.stem_channels=8',
         'model.neck.in_channels=64', 'model.rela_head.out_channels=4',
         f'{DATA}.pipeline.1.transforms.0.0.scale=32',
         f'{DATA}.rela_pipeline.0.transforms.0.0.scale=32',
         'default_hooks.rank.image_size=32']


def blocks() -> list[str]:
    """The page's configs."""
    text = (ROOT / 'configs/README.md').read_text()
    return re.findall(r'```python\n(.*?)```', text, re.S)


def written(block: str, folder: Path) -> Path:
    """A config of the page as a file; its base is where it is."""
    file = folder / 'mine.py'
    file.write_text(block.replace("_base_ = '", f"_base_ = '{ROOT}/configs/"))
    return file


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def trained(config: Path, options: list[str]) -> None:
    assert call('gen_targets', config, '--prior', 'random',
                '--image-size', 32, *options) == 0
    assert call('train', config, *options) == 0


def test_torchvisions_data_set(folder, monkeypatch, capsys):
    layouts.stl10(folder / 'data')
    monkeypatch.setattr(torchvision.datasets.STL10, '_check_integrity',
                        lambda self: True)
    config = written(blocks()[0], folder)
    options = ['--cfg-options', *SMALL]
    trained(config, options)
    assert call('linear_probe', config, 'work_dirs/mine/epoch_1.pth',
                '--image-size', 32, *options) == 0
    assert 'top-1' in capsys.readouterr().out


def test_a_loader_of_ones_own(folder, monkeypatch, capsys):
    """A stand-in reads what is no DICOM."""
    _, module, block = blocks()
    monkeypatch.setitem(sys.modules, 'pydicom', SimpleNamespace(
        dcmread=lambda file: SimpleNamespace(pixel_array=np.load(file))))
    monkeypatch.syspath_prepend(folder)
    (folder / 'dicom.py').write_text(module)
    (folder / 'scans').mkdir()
    ramp = np.linspace(-900, 2000, 40 * 50, dtype=np.int16).reshape(40, 50)
    for i in range(24):
        with open(folder / 'scans' / f'{i:02}.dcm', 'wb') as file:
            np.save(file, np.roll(ramp, 3 * i, 0))
    config = written(block, folder)
    trained(config, ['--cfg-options', *SMALL, f'{DATA}.data_root=scans'])
    assert '24 targets of 4 components' in capsys.readouterr().out
    sys.modules.pop('dicom')
    first = Sample(CustomDataset(
        data_root='scans', extensions=['.dcm'], with_label=False,
        pipeline=[dict(type='LoadDicom')]), 0).image
    low, high = np.percentile(ramp, (0.5, 99.5))
    wanted = 255 * ((ramp - low) / (high - low)).clip(0, 1)
    assert abs(np.asarray(first) - wanted[..., None]).max() < 1
