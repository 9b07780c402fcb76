"""A backbone that a training starts from."""
from __future__ import annotations

from pathlib import Path

import torch
from mmengine.config import Config
from mmpretrain.registry import MODELS

from mmrela.errors import UserError
from mmrela.files.weights import read_weights, without_prefix

PREFIX = 'backbone.'


def require_loadable(cfg: Config) -> None:
    """Look at the checkpoint that ``model.backbone.init_cfg`` names.

    mmengine 0.10.7 leaves out weights of other names or shapes with a
    warning alone, and a training goes on from random ones.

    Raises:
        UserError: it is not there, or is of another backbone.
    """
    backbone = dict(cfg.model.get('backbone') or {})
    init = backbone.pop('init_cfg', None)
    if not (isinstance(init, dict) and init.get('type') == 'Pretrained'
            and init.get('prefix') == PREFIX):
        return
    file = init.get('checkpoint') or ''
    if '://' in file:
        return
    if not Path(file).is_file():
        raise UserError(f'{cfg.filename} starts from a checkpoint, and there '
                        f'is none at {file!r}: set '
                        'model.backbone.init_cfg.checkpoint=FILE')
    given = without_prefix(read_weights(file), PREFIX)
    with torch.random.fork_rng(devices=[]):
        wanted = MODELS.build(backbone).state_dict()
    for name, value in wanted.items():
        found = given.get(name)
        if 'pos_embed' in name:  # is resized
            continue
        if found is None or found.shape != value.shape:
            there = 'missing' if found is None else [*found.shape]
            raise UserError(
                f'{file} holds another backbone than {cfg.filename}: {name} '
                f'is {there} there, {[*value.shape]} here; set model.backbone '
                'as its training had it')
