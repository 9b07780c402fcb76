"""Backbones by other libraries, as a user copies the printed lines."""
from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmpretrain.registry import MODELS
from safetensors.torch import load_file
from torch import Tensor, nn

from _lib.export import libraries, onnx
from _lib.export.literal import literal
from _lib.export.recipe import carry_out, in_order
from _lib.export.run import export
from _lib.export.source import Source
from mmrela.errors import UserError

MEAN, STD = [51., 102., 153.], [25.5, 51., 102.]
VIT = dict(embed_dims=24, num_layers=2, num_heads=2, feedforward_channels=48)
BACKBONES = dict(
    resnet=dict(type='ResNet', depth=18, norm_cfg=dict(type='SyncBN')),
    bottleneck=dict(type='ResNet', depth=50),
    cifar=dict(type='ResNet_CIFAR', depth=18),
    mobilenet=dict(type='MobileNetV2', widen_factor=0.5),
    efficientnet=dict(type='EfficientNet', arch='b0'),
    vit=dict(type='VisionTransformer', arch=VIT, img_size=32, patch_size=8),
    mae=dict(type='MAEViT', arch=VIT, img_size=32, patch_size=8),
    wrapped=dict(type='TIMMBackbone', model_name='mobilenetv2_100'),
    tokens=dict(type='TIMMBackbone', model_name='vit_tiny_patch16_224',
                img_size=32, patch_size=8, depth=1),
    strided=dict(type='TIMMBackbone', model_name='mobilenetv2_100',
                 output_stride=8),
    caffe=dict(type='ResNet', depth=50, style='caffe'),
    narrow=dict(type='ResNet', depth=18, base_channels=8, stem_channels=8),
    swin=dict(type='SwinTransformer', img_size=64, out_indices=(1, ),
              arch=dict(embed_dims=8, depths=[1, 1], num_heads=[1, 1])))


def build(name: str) -> nn.Module:
    """mmpretrain's backbone with weights of which none are alike."""
    torch.manual_seed(0)
    settings = dict(BACKBONES[name])
    if settings.pop('norm_cfg', None):
        settings['norm_cfg'] = dict(type='BN')
    backbone = MODELS.build(settings)
    for key, value in backbone.state_dict().items():
        if 'running_var' in key:
            value.uniform_(0.5, 2)
        elif value.is_floating_point():
            value.add_(0.02 * torch.randn_like(value))
    backbone.eval()
    return backbone


def features(name: str, backbone: nn.Module, images: Tensor) -> Tensor:
    """One vector an image, by each backbone's own book."""
    with torch.inference_mode():
        found = backbone(images, None) if name == 'mae' else backbone(images)
    found = found[0]
    if found.ndim == 3:
        return found.sum(1) / found.shape[1]
    return found if found.ndim == 2 else found.flatten(2).sum(2) / (
        found.shape[2] * found.shape[3])


def checkpoint(name: str, place: Path, backbone: nn.Module) -> Path:
    cfg = Config(dict(
        model=dict(type='BYOL', backbone=BACKBONES[name], neck={'a-b': [(1,)]},
                   data_preprocessor=dict(mean=MEAN, std=STD, to_rgb=True))))
    state = {f'backbone.{key}': value for key, value
             in backbone.state_dict().items()}
    file = place / f'{name}.pth'
    torch.save(dict(state_dict=dict(state, other=torch.zeros(1)),
                    meta=dict(cfg=cfg.pretty_text)), file)
    return file


def to(library: str, file: Path, side: int = 32) -> str:
    return export(Namespace(checkpoint=file, to=library, config=None,
                            image_size=side, out=None))


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
    said = to(library, checkpoint(name, tmp_path, backbone))
    scope: dict = {}
    exec(said.partition('\n\n')[2], scope)
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
            '[0.1, 0.2, 0.4])') in said


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
    found = load_file(tmp_path / 'narrow_safetensors.safetensors')
    assert set(found) == set(ours)
    assert all(torch.equal(found[key], ours[key]) for key in ours)


def test_onnx(tmp_path):
    runtime = pytest.importorskip('onnxruntime')
    pytest.importorskip('onnxscript')
    backbone = build('narrow')
    assert 'differ from ours by' in to(
        'onnx', checkpoint('narrow', tmp_path, backbone))
    images = torch.randn(5, 3, 32, 32)
    session = runtime.InferenceSession(str(tmp_path / 'narrow_onnx.onnx'))
    found, = session.run(None, dict(images=images.numpy()))
    wanted = features('narrow', backbone, images)
    torch.testing.assert_close(torch.from_numpy(found), wanted, rtol=1e-5,
                               atol=1e-5 * float(wanted.abs().max()))


def test_onnx_needs_its_packages(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx, 'NAMES', ('no_such_package', ))
    with pytest.raises(UserError, match=r"pip install 'mmrela\[onnx\]'"):
        to('onnx', checkpoint('narrow', tmp_path, build('narrow')))


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
