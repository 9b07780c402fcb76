"""Grey images from the targets through both stages to the linear probe."""
from __future__ import annotations

import json
from pathlib import Path

import layouts
import pytest
from calls import ROOT, call, lines

from mmrela.targets import TargetStore

# Their images are 28 x 28; all of them need no weights.
PRIORS = ('torchvision:shufflenet_v2_x0_5,size=32', 'timm:resnet10t,size=32',
          'mmpretrain:mobilenet-v2_8xb32_in1k,size=32', 'random')
GREY = """
model = dict(backbone=dict(in_channels=1))
data_preprocessor = dict(mean=[72.94], std=[90.02])
train_dataloader = dict(dataset=dict(pipeline=[
    dict(type='MultiView', num_views=2, transforms=[
        [dict(type='NativeResizedCrop'), dict(type='RandomFlip', prob=.5)]]),
    dict(type='PackInputs')]))
"""


@pytest.fixture(scope='module')
def config(tmp_path_factory) -> Path:
    """BYOL with its colour views on a small Fashion-MNIST."""
    root = layouts.fashion_mnist(tmp_path_factory.mktemp('fashion'))
    file = root / 'colour.py'
    neck = 'in_channels=64, hid_channels=32, out_channels=16'
    file.write_text(f"""
_base_ = '{ROOT}/configs/byol_rela_r18_fashionmnist.py'
model = dict(
    backbone=dict(type='ResNet', base_channels=8, stem_channels=8,
                  norm_cfg=dict(type='BN')),
    neck=dict({neck}), rela_head=dict(out_channels=16),
    head=dict(predictor=dict({neck.replace('64', '16')})))
_data = dict(data_root='{root}', indices=32)
train_dataloader = dict(
    batch_size=8, num_workers=0, persistent_workers=False, dataset=_data)
probe = dict(train=_data, test=_data)
train_cfg = dict(max_epochs=1)
default_hooks = dict(
    rela=dict(schedule=dict(type='FixedLambda', fraction=0.5)),
    checkpoint=dict(interval=1))
""")
    (root / 'grey.py').write_text(f"_base_ = 'colour.py'{GREY}")
    (root / 'device.py').write_text(
        f"_base_ = ['grey.py', '{ROOT}/configs/_base_/device.py']\n"
        'train_dataloader = _base_.device_loader\n')
    return file


@pytest.mark.parametrize('prior', PRIORS)
def test_targets(prior, config, tmp_path):
    weights = [] if prior == 'random' else ['--weights', 'none']
    assert call('gen_targets', config, '--prior', prior, *weights, '--dim', 4,
                '--dtype', 'float32', '--out', tmp_path) == 0
    store = TargetStore.open(tmp_path)
    assert len(store) == 32 and store[:].std() > 0


@pytest.mark.parametrize('network', ['colour', 'grey', 'device'])
def test_training_and_probe(network, config, tmp_path, capsys):
    """A backbone of three channels, and of one, its views in batches."""
    config = config.with_stem(network)
    targets = f'train_dataloader.dataset.targets={tmp_path / "targets"}'
    assert call('gen_targets', config, '--prior', 'random',
                '--cfg-options', targets) == 0
    assert call('train', config, '--work-dir', tmp_path,
                '--cfg-options', targets) == 0
    switch = json.loads((tmp_path / 'train.json').read_text())['switch_step']
    assert switch == 2
    capsys.readouterr()
    for test, text in (([], 'top-1'), (
            ['probe.test.split=train', 'probe.test.test_mode=False'],
            '100% of the test images are training images')):
        options = ['--cfg-options', *test] if test else []
        assert call('linear_probe', config, tmp_path / 'epoch_1.pth',
                    '--epochs', 1, *options) == 0
        said = lines(capsys.readouterr().out)[-1]
        assert text in said and ('training images' in said) is bool(test)


def test_a_probe_of_the_wrong_split(config, mistake):
    said = mistake('linear_probe', config, '--prior', 'random',
                   '--cfg-options', 'probe.test.test_mode=False')
    assert "FashionMNIST with split='test' and test_mode=False" in said
