"""Networks of torchvision and timm that are the same as mmpretrain's."""
from __future__ import annotations

from collections.abc import Callable

import torch

from ..errors import UserError
from .recipe import Recipe
from .source import Source

# Instead of ResNet's own: 3 x 3, stride 1, no max-pool.
CIFAR_STEM = ['model.conv1 = torch.nn.Conv2d(3, 64, 3, 1, 1, bias=False)',
              'model.maxpool = torch.nn.Identity()']
# What mmpretrain's wrapper of timm reads itself.
WRAPPER = ('type', 'model_name', 'features_only', 'pretrained',
           'checkpoint_path', 'in_channels', 'norm_layer')
SIZES = {192: 'tiny', 384: 'small', 768: 'base', 1024: 'large'}  # of a ViT


def torchvision(source: Source) -> Recipe:
    """torchvision's network for a backbone; a UserError if it has none."""
    return _find(source, 'torchvision', dict(
        ResNet=_resnet, ResNet_CIFAR=_resnet, MobileNetV2=_mobilenet,
        VisionTransformer=_vit, MoCoV3ViT=_vit, MAEViT=_vit,
        TIMMBackbone=_wrapped))


def timm(source: Source) -> Recipe:
    """timm's network for a backbone; a UserError if it has none."""
    return _find(source, 'timm', dict(
        ResNet=_timm_resnet, ResNet_CIFAR=_timm_resnet,
        MobileNetV2=_timm_mobilenet, EfficientNet=_timm_efficientnet,
        VisionTransformer=_timm_vit, MoCoV3ViT=_timm_vit, MAEViT=_timm_vit,
        TIMMBackbone=_timm_own))


def _find(source: Source, library: str,
          known: dict[str, Callable[[Source], Recipe]]) -> Recipe:
    if source.kind not in known:
        raise UserError(
            f'{library} has no network known to be like the {source.kind} of '
            f'{source.file}, only like {", ".join(known)}: take --to '
            'mmpretrain, safetensors or onnx')
    return known[source.kind](source)


def _torchvision(call: str, classifier: str, *more: str) -> Recipe:
    return Recipe('torchvision', call.partition('(')[0], [
        'import torch, torchvision', f'model = torchvision.models.{call}',
        *more, f'model.{classifier} = torch.nn.Identity()'])


def _timm(name: str, *more: str, **options: object) -> Recipe:
    call = ', '.join(f'{key}={value!r}' for key, value in options.items())
    return Recipe('timm', name, [
        'import timm, torch',
        f'model = timm.create_model({name!r}, num_classes=0'
        f'{", " * bool(call)}{call})', *more],
        arguments=None if more else options)


def _stem(source: Source) -> list[str]:
    return CIFAR_STEM if source.kind == 'ResNet_CIFAR' else []


def _resnet(source: Source) -> Recipe:
    depth = source.settings['depth']
    return _torchvision(f'resnet{depth}()', 'fc', *_stem(source))


def _timm_resnet(source: Source) -> Recipe:
    return _timm(f'resnet{source.settings["depth"]}', *_stem(source))


def _mobilenet(source: Source) -> Recipe:
    width = source.settings.get('widen_factor', 1.)
    return _torchvision(f'mobilenet_v2(width_mult={width!r})', 'classifier')


def _timm_mobilenet(source: Source) -> Recipe:
    width = source.settings.get('widen_factor', 1.)
    return _timm(f'mobilenetv2_{round(100 * width):03}')


def _timm_efficientnet(source: Source) -> Recipe:
    return _timm(f'tf_efficientnet_{source.settings.get("arch", "b0")}')


def _vit_sizes(source: Source) -> tuple[dict, int]:
    """mmpretrain's ``arch`` in full, and the side of a patch."""
    patch = source.settings.get('patch_size', 16)
    return source.backbone.arch_settings, (
        patch if isinstance(patch, int) else patch[0])


def _vit(source: Source) -> Recipe:
    arch, patch = _vit_sizes(source)
    return _torchvision(
        f'VisionTransformer(image_size={source.backbone.img_size[0]}, '
        f'patch_size={patch}, num_layers={arch["num_layers"]}, '
        f'num_heads={arch["num_heads"]}, hidden_dim={arch["embed_dims"]}, '
        f'mlp_dim={arch["feedforward_channels"]})', 'heads')


def _timm_vit(source: Source) -> Recipe:
    arch, patch = _vit_sizes(source)
    width = arch['embed_dims']
    own = dict(img_size=source.backbone.img_size[0], patch_size=patch,
               embed_dim=width, depth=arch['num_layers'],
               num_heads=arch['num_heads'],
               mlp_ratio=arch['feedforward_channels'] / width)
    if source.backbone.out_type == 'raw':  # of which we take the mean
        own['global_pool'] = ''
    return _timm(f'vit_{SIZES.get(width, "base")}_patch16_224', **own)


def _options(source: Source) -> dict:
    """What a config hands on to timm."""
    if source.settings.get('features_only'):
        raise UserError(f'the backbone of {source.file} gives several maps '
                        '(features_only): take --to mmpretrain, safetensors '
                        'or onnx')
    return {key: value for key, value in source.settings.items()
            if key not in WRAPPER}


def _timm_own(source: Source) -> Recipe:
    options = _options(source)
    image = torch.zeros(1, source.channels, source.side, source.side)
    with torch.inference_mode():
        found = source.backbone(image)[-1]
    if found.ndim == 3:  # tokens, of which we take the mean
        options['global_pool'] = ''
    return _timm(source.settings['model_name'], **options)


def _wrapped(source: Source) -> Recipe:
    """torchvision's network of the same name as timm's."""
    from torchvision.models import list_models
    name = source.settings['model_name'].partition('.')[0]
    name = dict(mobilenetv2_100='mobilenet_v2').get(name, name)
    changed = ', '.join(_options(source))
    if changed or name not in list_models():
        raise UserError(
            f"torchvision has no network like timm's {name} of {source.file}"
            f'{" with " * bool(changed)}{changed}: take --to timm')
    classifier = 'fc' if name.startswith('resn') else 'classifier'
    return _torchvision(f'{name}()', classifier)
