"""Backbones by other libraries, as a user copies the printed lines."""
from __future__ import annotations

from pathlib import Path

import pytest
import torch
from backbones import BACKBONES, MEAN, STD, build, checkpoint, features
from mmengine.config import Config
from mmpretrain.registry import MODELS
from safetensors.torch import load_file

from mmrela.errors import UserError
from mmrela.export import libraries
from mmrela.export.literal import literal
from mmrela.export.recipe import carry_out, in_order
from mmrela.export.run import write
from mmrela.export.source import Source

LOAD, RESIZE = dict(type='LoadImageFromFile'), dict(type='Resize', scale=8)


def to(library: str, file: Path) -> tuple[str, str]:
    """Export to a file beside it; what :func:`write` tells."""
    return write(Source(file, side=32), library,
                 str(file.with_name(f'{file.stem}_{library}.pth')))


@pytest.mark.parametrize('name, library', [
    ('resnet', 'torchvision'), ('resnet', 'timm'), ('bottleneck', 'timm'),
    ('cifar', 'torchvision'), ('cifar', 'timm'),
    ('mobilenet', 'torchvision'), ('mobilenet', 'timm'),
    ('efficientnet', 'timm'), ('vit', 'torchvision'), ('vit', 'timm'),
    ('mae', 'timm'), ('wrapped', 'torchvision'), ('wrapped', 'timm'),
    ('tokens', 'timm'), ('strided', 'timm'), ('narrow', 'mmpretrain'),
    ('narrow', 'safetensors'), ('mae', 'mmpretrain')])
def test_printed_lines_give_our_features(name, library, tmp_path):
    backbone = build(name)
    _, code = to(library, checkpoint(name, tmp_path, backbone))
    scope: dict = {}
    exec(code, scope)
    images = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        model = scope['model']
        found = model(images, None) if (name, library) == (
            'mae', 'mmpretrain') else model(images)
    if isinstance(found, tuple):
        found = found[0].flatten(2).mean(2) if found[0].ndim == 4 else found[0]
    if found.ndim == 3:
        found = found.mean(1)
    wanted = features(name, backbone, images)
    torch.testing.assert_close(found, wanted, rtol=1e-5,
                               atol=1e-5 * float(wanted.abs().max()))
    assert ('RGB of 0 to 1 through Normalize([0.2, 0.4, 0.6], '
            '[0.1, 0.2, 0.4])') in code


@pytest.mark.parametrize('name, library, why', [
    ('caffe', 'torchvision', 'features differ by'),
    ('narrow', 'timm', r'its conv1.weight is \[64, 3, 7, 7\]'),
    ('efficientnet', 'torchvision', 'no network known to be like'),
    ('swin', 'timm', 'no network known to be like the SwinTransformer'),
    ('strided', 'torchvision', 'with output_stride: take --to timm'),
    ('mae', 'torchvision', 'features differ by')])
def test_what_a_library_has_not_is_a_sentence(name, library, why, tmp_path):
    file = checkpoint(name, tmp_path, build(name))
    with pytest.raises(UserError, match=why) as error:
        to(library, file)
    assert 'take --to' in str(error.value) and '\n' not in str(error.value)
    assert list(tmp_path.iterdir()) == [file]


def test_files_hold_the_backbone_alone(tmp_path):
    backbone = build('narrow')
    file = checkpoint('narrow', tmp_path, backbone)
    to('mmpretrain', file)
    to('safetensors', file)
    ours = backbone.state_dict()
    found = torch.load(tmp_path / 'narrow_mmpretrain.pth', weights_only=True)
    assert set(found['state_dict']) == {f'backbone.{key}' for key in ours}
    found = load_file(tmp_path / 'narrow_safetensors.pth')
    assert set(found) == set(ours)
    assert all(torch.equal(found[key], ours[key]) for key in ours)


def test_a_swap_of_layers_does_not_pass(tmp_path):
    """Names may be wrong where shapes are right; features tell."""
    def swapped(ours: dict, theirs: dict) -> dict:
        found = in_order(ours, theirs)
        one, two = 'layer1.0.conv1.weight', 'layer1.0.conv2.weight'
        found[one], found[two] = found[two], found[one]
        return found

    file = checkpoint('resnet', tmp_path, build('resnet'))
    source = Source(file, side=32)
    recipe = libraries.torchvision(source)
    recipe.names = swapped
    with pytest.raises(UserError, match='features differ'):
        carry_out(source, recipe, tmp_path / 'out.pth')
    assert list(tmp_path.iterdir()) == [file]


def test_a_checkpoint_runs_nothing():
    """Its config is a program, which a stranger may have written."""
    file = Path('x.pth')
    assert literal("a = dict(b=[1, (-2.5, None)], **{'c-d': True})", file) == (
        dict(a={'b': [1, (-2.5, None)], 'c-d': True}))
    for text in ('import os', 'a = open("x")', 'a = dict(b=__import__("os"))',
                 'a = [i for i in b]', 'a.b = 1', 'a ='):
        with pytest.raises(UserError, match='pass --config'):
            literal(text, file)


@pytest.mark.parametrize('entry', [
    dict(type='os.system', command='exit'),
    dict(type='ResNet', depth=18, norm_cfg=dict(
        type='subprocess.Popen', args='exit', shell=True))])
def test_nor_do_types_in_its_config(entry, tmp_path, monkeypatch):
    """mmengine calls whatever a dotted type names."""
    for name in ('os.system', 'subprocess.Popen'):
        monkeypatch.setattr(name, lambda **_: pytest.fail('it has run'))
    file = tmp_path / 'strange.pth'
    torch.save(dict(state_dict=dict(x=torch.zeros(1)), meta=dict(
        cfg=f'model = dict(backbone={entry!r})')), file)
    with pytest.raises(UserError, match='is no network: pass --config'):
        Source(file)


@pytest.mark.parametrize('library', ['mmpretrain', 'safetensors', 'onnx'])
def test_a_network_of_grey_images(library, tmp_path):
    grey = dict(type='ResNet', depth=18, in_channels=1, stem_channels=8,
                base_channels=8)
    torch.save(dict(state_dict={
        f'backbone.{name}': value for name, value in
        MODELS.build(grey).state_dict().items()}), tmp_path / 'grey.pth')
    cfg = Config(dict(model=dict(backbone=grey, data_preprocessor=dict(
        mean=[51.], std=[25.5]))))
    said = write(Source(tmp_path / 'grey.pth', cfg, 32), library,
                 str(tmp_path / 'out'))
    assert ('(n, 1, 32, 32)' if library == 'onnx' else '(n, 1, H, W), grey of '
            '0 to 1 through Normalize([0.2], [0.1])') in said[1]


@pytest.mark.parametrize('first, to_rgb, order', [
    (LOAD, False, 'BGR'), (LOAD, True, 'RGB'),
    (RESIZE, False, 'RGB'), (RESIZE, True, 'BGR')])
@pytest.mark.parametrize('joined', [False, True])
def test_order_of_channels_is_the_trainings(first, to_rgb, order, joined,
                                            tmp_path):
    """Pictures in memory are RGB, and ``to_rgb`` swaps whatever there is."""
    data = dict(type='CustomDataset', pipeline=[first])
    cfg = Config(dict(
        model=dict(backbone=BACKBONES['narrow'], data_preprocessor=dict(
            mean=MEAN, std=STD, to_rgb=to_rgb)),
        train_dataloader=dict(dataset=dict(
            type='ConcatDataset', datasets=[data]) if joined else data)))
    source = Source(checkpoint('narrow', tmp_path, build('narrow')), cfg)
    assert source.prepared()[2] == order
