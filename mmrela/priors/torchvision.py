"""Models of torchvision, without their classifiers."""
from __future__ import annotations

from torch import nn

from ..errors import UserError
from ..files.downloads import downloading
from ..files.weights import load_weights, read_weights
from ..rng import seeded
from ..spelling import meant
from .base import Prior, keep_size


def load_torchvision(name: str, weights: str | None, image_size: int | None,
                     cfg: dict | None) -> Prior:
    """``torchvision:NAME``: a classifier of torchvision, IMAGENET1K_V1.

    1 to 304 million weights, trained with ImageNet's labels; torchvision is
    under BSD-3-Clause, ImageNet is for non-commercial research. Another
    ``image_size`` resizes the shorter side to it and crops the centre,
    without torchvision's margin.
    """
    from torchvision import models
    known = models.list_models(module=models)
    if name not in known:
        raise UserError(f'--prior torchvision:{name}: torchvision has no such '
                        f'model{meant(name, known)}; '
                        'torchvision.models.list_models() names all')
    entry = getattr(models.get_model_weights(name), 'IMAGENET1K_V1', None)
    if entry is None:
        raise UserError(f'--prior torchvision:{name}: torchvision has no '
                        'IMAGENET1K_V1 weights of it; take another model')
    with seeded():
        model = models.get_model(name, weights=None)
    if hasattr(model, 'image_size'):
        keep_size(f'torchvision:{name}', model.image_size, image_size)
    if hasattr(model, 'transform_input'):  # as torchvision does with weights
        model.transform_input = True
    if weights is None:
        model.load_state_dict(_download(name, entry))
    elif weights != 'none':
        load_weights(model, read_weights(weights), f'{weights} into {name}')
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
    parent, _, child = linear[-1].rpartition('.')
    setattr(model.get_submodule(parent), child, nn.Identity())


def _download(name: str, entry) -> dict:
    with downloading(f'the weights of {name}',
                     f'fetch {entry.url} by hand and say '
                     ',weights=FILE behind the prior'):
        return entry.get_state_dict(progress=True, check_hash=True)
