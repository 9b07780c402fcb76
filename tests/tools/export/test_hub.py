"""Folders that timm builds a model from."""
from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import timm
import torch
from backbones import BACKBONES, MEAN, STD, build, checkpoint, features
from calls import call
from huggingface_hub import constants
from mmengine.config import Config
from timm.data import resolve_model_data_config


def uploaded(folder: Path, cache: Path) -> str:
    """A model of the hub that was fetched before the network went away."""
    repository = cache / 'models--you--mine'
    (repository / 'refs').mkdir(parents=True)
    (repository / 'refs/main').write_text('0' * 40)
    shutil.copytree(folder, repository / 'snapshots' / ('0' * 40))
    return 'hf_hub:you/mine'


@pytest.mark.parametrize('name', ['resnet', 'vit'])
def test_timm_builds_it_from_folder_and_hub(name, tmp_path, capsys,
                                            monkeypatch):
    backbone = build(name)
    folder = tmp_path / 'shared' / "mine, it's"
    assert call('export_backbone', checkpoint(name, tmp_path, backbone),
                '--to', 'timm', '--image-size', 32, '--out', f'{folder}/') == 0
    said = capsys.readouterr().out
    assert f'timm.create_model("local-dir:{folder}", pretrained=True)' in said
    model = timm.create_model(f'local-dir:{folder}', pretrained=True).eval()
    images = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        found = model(images)
    wanted = features(name, backbone, images)
    torch.testing.assert_close(found, wanted, rtol=1e-5,
                               atol=1e-5 * float(wanted.abs().max()))
    monkeypatch.setattr(constants, 'HF_HUB_OFFLINE', True)
    cache = tmp_path / 'cache'
    again = timm.create_model(uploaded(folder, cache), pretrained=True,
                              cache_dir=cache).eval()
    with torch.inference_mode():
        assert torch.equal(again(images), found)
    told = resolve_model_data_config(again)
    assert [*told['input_size']] == [3, 32, 32]
    for key, ours in dict(mean=MEAN, std=STD).items():
        assert told[key] == pytest.approx([value / 255 for value in ours])
    assert sorted(file.name for file in folder.iterdir()) == [
        'config.json', 'model.safetensors']
    assert [*folder.parent.iterdir()] == [folder]
    config = json.loads((folder / 'config.json').read_text())
    assert not {'tag', 'license', 'url'} & config['pretrained_cfg'].keys()


@pytest.mark.parametrize('name, to, why', [
    ('cifar', 'timm', 'has another stem: take a FILE'),
    ('narrow', 'timm', r'its conv1.weight is [64, 3, 7, 7]'),
    ('resnet', 'torchvision', '--to timm alone writes')])
def test_what_is_no_folder(name, to, why, tmp_path, mistake):
    file = checkpoint(name, tmp_path, build(name))
    assert why in mistake('export_backbone', file, '--to', to,
                          '--image-size', 32, '--out', f'{tmp_path}/new/')
    assert [*tmp_path.iterdir()] == [file]


def test_nothing_is_overwritten(tmp_path, mistake):
    file = checkpoint('resnet', tmp_path, build('resnet'))
    assert 'is not empty' in mistake('export_backbone', file, '--to', 'timm',
                                     '--out', f'{tmp_path}/')


def test_a_folder_that_cannot_be_made(tmp_path, mistake):
    file = checkpoint('resnet', tmp_path, build('resnet'))
    assert f'cannot write {file}/new' in mistake(
        'export_backbone', file, '--to', 'timm', '--out', f'{file}/new/')


def test_images_that_timm_does_not_make(tmp_path, mistake):
    """A training that saw BGR."""
    file = checkpoint('resnet', tmp_path, build('resnet'))
    config = Config(dict(
        model=dict(type='BYOL', backbone=BACKBONES['resnet'],
                   data_preprocessor=dict(mean=MEAN, std=STD, to_rgb=False)),
        train_dataloader=dict(dataset=dict(pipeline=[
            dict(type='LoadImageFromFile')]))))
    config.dump(tmp_path / 'bgr.py')
    assert 'for RGB images' in mistake(
        'export_backbone', file, '--to', 'timm', '--config',
        tmp_path / 'bgr.py', '--image-size', 32, '--out', f'{tmp_path}/new/')
