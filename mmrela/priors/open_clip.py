"""Image towers of CLIP models (paper, section 5; its six are OpenAI's)."""
from __future__ import annotations

from typing import Any

from torch import nn

from ..errors import UserError
from ..files.downloads import hub_file, url_file
from ..files.weights import load_weights, read_weights, without_prefix
from ..rng import seeded
from ..spelling import meant
from .base import Prior, keep_size


def load_open_clip(name: str, weights: str | None, image_size: int | None,
                   cfg: dict | None) -> Prior:
    """``open_clip:MODEL[@PRETRAINED]``: the image tower of a CLIP model.

    PRETRAINED is ``openai`` by default; RN50, RN101, RN50x4, ViT-B-32,
    ViT-B-16 and ViT-L-14 are the paper's, of 38, 56, 87, 88, 86 and 304
    million weights. OpenAI's come under the MIT licence, trained on 400
    million undisclosed images and their captions, without ImageNet's labels.
    """
    model, _, tag = name.partition('@')
    tag = tag or 'openai'
    spec = f'open_clip:{model}@{tag}'
    config, entry = _describe(model, tag, spec)
    tower = _image_tower(config, entry)
    keep_size(spec, tower.image_size, image_size)
    if weights != 'none':
        file = weights or _download(entry, spec)
        state = {key.removeprefix('module.'): value
                 for key, value in read_weights(file).items()}
        load_weights(tower, without_prefix(state, 'visual.'),
                     f'{file} into {model}')
    transform, description = _preprocessing(entry, tower.image_size)
    return Prior(spec, tower, transform, description)


def _describe(model: str, tag: str, spec: str) -> tuple[dict, dict]:
    """open_clip's config of the model, and its entry of the weights."""
    import open_clip
    known = open_clip.list_models()
    if model not in known:
        raise UserError(f'--prior {spec}: open_clip has no such model'
                        f'{meant(model, known)}; '
                        'open_clip.list_models() names all')
    entry = open_clip.get_pretrained_cfg(model, tag)
    if not entry:
        tags = open_clip.list_pretrained_tags_by_model(model)
        raise UserError(f'--prior {spec}: open_clip has no such weights of '
                        f'{model}{meant(tag, tags)}; there are '
                        f'{", ".join(tags) or "none"}')
    return open_clip.get_model_config(model), entry


def _image_tower(config: dict, entry: dict) -> nn.Module:
    """The part that sees images; the text's is never allocated."""
    from open_clip.model import _build_vision_tower
    quick_gelu = (config.get('quick_gelu', False)
                  or entry.get('quick_gelu', False))
    vision = dict(config['vision_cfg'], output_tokens=False)
    if 'timm_model_name' in vision:
        vision['timm_model_pretrained'] = False
    with seeded():
        return _build_vision_tower(config['embed_dim'], vision, quick_gelu)


def _download(entry: dict, spec: str) -> str:
    what = f'the weights of {spec}'
    repo, _, name = entry.get('hf_hub', '').rpartition('/')
    if not repo:
        return url_file(entry['url'], what)
    stem, _, ending = (name or 'open_clip_pytorch_model.bin').rpartition('.')
    safe = stem if name else 'open_clip_model'
    return hub_file(repo, [f'{safe}.safetensors', f'{stem}.{ending}'], what)


def _preprocessing(entry: dict, size: Any) -> tuple[Any, str]:
    from dataclasses import asdict

    from open_clip.transform import (
        PreprocessCfg,
        image_transform_v2,
        merge_preprocess_dict,
    )
    steps = merge_preprocess_dict(asdict(PreprocessCfg()), entry)
    steps['size'] = size
    description = ', '.join(
        f'{key} {steps[key]}'
        for key in ('size', 'interpolation', 'resize_mode', 'mean', 'std'))
    return image_transform_v2(PreprocessCfg(**steps), False), description
