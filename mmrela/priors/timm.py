"""Models of timm, without their classifiers."""
from __future__ import annotations

from collections.abc import Callable

from torch import nn

from ..errors import UserError
from ..files.downloads import downloading, hub_file
from ..files.weights import read_weights
from ..rng import seeded
from ..spelling import meant
from .base import Prior


def load_timm(name: str, weights: str | None, image_size: int | None,
              cfg: dict | None) -> Prior:
    """``timm:NAME[.TAG]``: a model of timm, 1 to 6,700 million weights.

    timm's code is under Apache-2.0; each model's weights have a licence of
    their own, in ``timm.get_pretrained_cfg(NAME).license``. Most have seen
    ImageNet's labels. Another ``image_size`` resizes the shorter side to it
    and crops the centre, without timm's margin; transformers are built for
    it, their position embeddings resampled.
    """
    import timm
    spec = f'timm:{name}'
    if not timm.is_model(name) or _entry(name) is None:
        near = meant(name, timm.list_models() + timm.list_pretrained())
        raise UserError(f'--prior {spec}: timm has no such model{near}; '
                        'timm.list_models() names all')
    with seeded():
        model = _build_sized(name, weights, spec, image_size)
    model.reset_classifier(0)
    transform, description = _preprocessing(model, image_size)
    return Prior(spec, model, transform, description)


def _entry(name: str):
    """timm's description of the weights; ``None`` if there are none."""
    from timm.models import get_pretrained_cfg
    try:
        return get_pretrained_cfg(name)
    except (KeyError, RuntimeError):
        return None


def _build_sized(name: str, weights: str | None, spec: str,
                 image_size: int | None) -> nn.Module:
    """The model for images of that size, which most transformers ask for."""
    entry = _entry(name)
    if not entry.fixed_input_size or image_size in (
            None, entry.input_size[-1]):
        return _build(name, weights, spec)
    model = _build(name, weights, spec, img_size=image_size)
    patch = getattr(getattr(model, 'patch_embed', None), 'patch_size', 1)
    side = patch if isinstance(patch, int) else patch[-1]
    if image_size % side:
        raise UserError(f'{spec} cuts images into patches of {side} pixels: '
                        'pass a multiple of it as --image-size, not '
                        f'{image_size}')
    return model


def _build(name: str, weights: str | None, spec: str,
           **size: int) -> nn.Module:
    import timm
    entry, what = _entry(name), f'the weights of {spec}'
    if weights == 'none':
        return timm.create_model(name, **size)
    if weights is None and (not entry.hf_hub_id or entry.hf_hub_filename
                            or entry.custom_load):
        with downloading(what, 'say ,weights=FILE behind the prior',
                         entry.url or None):
            return timm.create_model(name, pretrained=True, **size)
    file = weights or hub_file(
        entry.hf_hub_id, ['model.safetensors', 'pytorch_model.bin'], what)
    state = read_weights(file)
    try:
        return timm.create_model(
            name, pretrained=True,
            pretrained_cfg_overlay=dict(state_dict=state), **size)
    except (RuntimeError, KeyError, AttributeError) as e:
        of = f' for images of {size["img_size"]} pixels' if size else ''
        raise UserError(f'cannot load {file} into {name}{of}: its keys or '
                        'shapes are those of another model') from e


def _preprocessing(model: nn.Module,
                   image_size: int | None) -> tuple[Callable, str]:
    from timm.data import create_transform, resolve_model_data_config
    steps = resolve_model_data_config(model)
    if image_size and image_size != steps['input_size'][-1]:
        steps.update(input_size=(3, image_size, image_size), crop_pct=1.)
    return create_transform(**steps), ', '.join(
        f'{key} {value}' for key, value in steps.items())
