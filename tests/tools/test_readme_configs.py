"""The configs that the page of configs spells out: targets to probe."""
from __future__ import annotations

import re
from pathlib import Path

import layouts
import pytest
import torchvision
from calls import DATA, ROOT, call

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


def test_torchvisions_data_set(folder, monkeypatch, capsys):
    layouts.stl10(folder / 'data')
    monkeypatch.setattr(torchvision.datasets.STL10, '_check_integrity',
                        lambda self: True)
    config = written(blocks()[0], folder)
    options = ['--cfg-options', *SMALL]
    assert call('gen_targets', config, '--prior', 'random', *options) == 0
    assert call('train', config, *options) == 0
    assert call('linear_probe', config, 'work_dirs/mine/epoch_1.pth',
                '--image-size', 32, *options) == 0
    assert 'top-1' in capsys.readouterr().out
