"""Models of torchvision, without their classifiers."""
from __future__ import annotations

import torch
from torch import nn

from ..errors import UserError
from .base import Prior, read_weights


def load_torchvision(name: str, weights: str | None, image_size: int | None,
                     cfg: dict | None) -> Prior:
    """``torchvision:NAME`` with its IMAGENET1K_V1 weights.

    They were trained with ImageNet's labels. Preprocessing is
    torchvision's own; another ``image_size`` resizes the shorter side to
    it and crops the centre, without torchvision's margin.
    """
    from torchvision import models
    if name not in models.list_models(module=models):
        raise UserError(f'--prior torchvision:{name}: torchvision has no such '
                        'model; torchvision.models.list_models() names all')
    entry = getattr(models.get_model_weights(name), 'IMAGENET1K_V1', None)
    if entry is None:
        raise UserError(f'--prior torchvision:{name}: torchvision has no '
                        'IMAGENET1K_V1 weights of it; take another model')
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # `--weights none` is one network, not many
        model = models.get_model(name, weights=None)
    if image_size not in (None, getattr(model, 'image_size', image_size)):
        raise UserError(f'torchvision:{name} sees {model.image_size} pixels '
                        'and no other size: leave out --image-size')
    if hasattr(model, 'transform_input'):  # as torchvision does with weights
        model.transform_input = True
    if weights is None:
        model.load_state_dict(_download(name, entry))
    elif weights != 'none':
        _load(model, read_weights(weights), f'{weights} into {name}')
    _drop_classifier(name, model)
    size = {}
    if image_size:
        size = dict(crop_size=image_size, resize_size=image_size)
    transform = entry.transforms(**size)
    description = ' '.join(repr(transform).split())
    return Prior(f'torchvision:{name}', model, transform, description)


def _drop_classifier(name: str, model: nn.Module) -> None:
    linear = [key for key, module in model.named_modules()
              if isinstance(module, nn.Linear)]
    if not linear:
        raise UserError(f'--prior torchvision:{name}: it has no linear '
                        'classifier to take features from; take another')
    model.set_submodule(linear[-1], nn.Identity())


def _download(name: str, entry) -> dict:
    try:
        return entry.get_state_dict(progress=True, check_hash=True)
    except OSError as e:
        raise UserError(
            f'cannot download the weights of {name} ({e}): fetch '
            f'{entry.url.rpartition("/")[2]} by hand and pass it as '
            '--weights FILE') from e


def _load(model: nn.Module, state: dict, what: str) -> None:
    try:
        model.load_state_dict(state)
    except RuntimeError as e:
        raise UserError(f'cannot load {what}: its keys or shapes are those of '
                        'another model') from e
