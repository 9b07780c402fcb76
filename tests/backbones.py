"""mmpretrain's backbones, as checkpoints to export."""
from __future__ import annotations

from pathlib import Path

import torch
from mmengine.config import Config
from mmpretrain.registry import MODELS
from torch import Tensor, nn

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
