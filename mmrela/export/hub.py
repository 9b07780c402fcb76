"""A folder that timm and the Hugging Face hub know as a model."""
from __future__ import annotations

import json
from pathlib import Path
from secrets import token_hex
from shutil import rmtree

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import nn

from ..errors import UserError
from .libraries import timm
from .recipe import TOLERANCE, Recipe, built, compare
from .source import Source

ALONE = 'a folder of timm holds a network of its own, by name and arguments'


def carry_out(source: Source, folder: Path) -> tuple[str, str]:
    """Write weights and ``config.json``, load them by timm, and compare.

    Returns:
        What was done, and Python that builds it.

    Raises:
        UserError: timm's own constructor does not build the network, its
            images are not what timm makes of images, features differ, or
            the folder holds something or cannot be made; nothing is written
            then.
    """
    recipe = timm(source)
    if recipe.arguments is None:
        raise UserError(f'{ALONE}, and this {source.kind} has another stem: '
                        'take a FILE')
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f'--out {folder}/ is not empty: name a new folder')
    made = folder.with_name(f'{folder.name}.{token_hex(8)}.tmp')
    try:
        made.mkdir(parents=True)
        off = _write(source, recipe, made)
        made.replace(folder)
    except (OSError, SafetensorError) as e:
        raise UserError(f'cannot write {folder} ({e}): make room, or name '
                        'another folder') from e
    finally:
        rmtree(made, ignore_errors=True)
    code = '\n'.join(_lines(folder))
    return (f'{folder}/: features by timm differ from ours by {off:.1e} of '
            'the largest', f'{code}\nmodel.eval()\n{source.normalization()}\n'
            f'# for others: hf upload YOU/NAME {folder}')


def _lines(folder: Path) -> list[str]:
    name = repr(f'local-dir:{folder}')
    return ['import timm',
            f'model = timm.create_model({name}, pretrained=True)']


def _write(source: Source, recipe: Recipe, folder: Path) -> float:
    """The folder's files; how far features are off."""
    state = recipe.state(source)
    config = _config(source, recipe, built(recipe.lines))
    (folder / 'config.json').write_text(json.dumps(config, indent=2))
    save_file({name: value.contiguous() for name, value in state.items()},
              folder / 'model.safetensors', metadata=dict(format='pt'))
    off = compare(source, built(_lines(folder)).eval())
    if not off <= TOLERANCE:
        raise recipe.missing(source, f'features differ by {off:.2g}')
    return off


def _config(source: Source, recipe: Recipe, model: nn.Module) -> dict:
    """What timm reads; its own entry tells of other weights."""
    prepared = source.prepared()
    if prepared is None or prepared[2] != 'RGB':
        raise UserError(f'{ALONE}, for RGB images with a mean and deviation, '
                        'which this one does not take: take a FILE')
    mean, std, _ = prepared
    own = {key: model.pretrained_cfg.get(key)
           for key in ('pool_size', 'first_conv', 'classifier')}
    return dict(
        architecture=recipe.network, num_classes=0,
        num_features=model.num_features, model_args=recipe.arguments,
        pretrained_cfg=dict(
            own, num_classes=0, input_size=[3, source.side, source.side],
            mean=mean, std=std, interpolation='bilinear', crop_pct=1.0,
            custom_load=False))
