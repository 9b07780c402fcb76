"""One switch that turns any self-supervised config into RELA's."""
from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

from mmengine.config import Config
from mmpretrain.models.selfsup import BaseSelfSupervisor
from mmpretrain.registry import MODELS

from ..errors import UserError

# `configs/_base_/rela.py` says the same to configs that inherit.
HOOKS = dict(
    rela=dict(
        type='AdaptiveLambdaHook', schedule=dict(type='AdaptiveLambda')),
    determinism=dict(type='DeterminismHook'),
    plain_checkpoint=dict(type='PlainCheckpointHook'))
_SIDES = ('scale', 'crop_size', 'input_size', 'size')  # of a crop


def accelerate(cfg: Config,
               targets: str,
               views: int = 1,
               out_channels: int = 512) -> Config:
    """RELA on a self-supervised config of mmpretrain.

    The model becomes ``Rela`` around its algorithm, the training data
    ``RelaTargetDataset`` around their data set, and the hooks that RELA
    needs come into ``default_hooks``. Whatever else the config says stays.

    Args:
        cfg: The config, old-style or new-style; it is not changed.
        targets: The target store, as ``tools/gen_targets.py`` leaves it.
        views: Weak views of an image in RELA's stage.
        out_channels: Components of the targets, k.

    Returns:
        The same with RELA, complete in itself.

    Raises:
        UserError: the config trains nothing self-supervised, trains RELA
            already, or lacks an entry; names the key.

    Example:
        >>> cfg = Config.fromfile('simsiam_resnet50_8xb32-coslr-100e_in1k.py')
        >>> Runner.from_cfg(accelerate(cfg, 'data/targets/in1k')).train()
    """
    cfg = deepcopy(cfg)
    host = _host(cfg)
    dataset = _dataset(cfg)
    cfg.model.update(type='Rela', host=host, rela_head=dict(
        type='RelaHead', out_channels=out_channels))
    dataset.update(
        type='RelaTargetDataset', host=dataset.type, targets=targets,
        rela_pipeline=weak_views(_side(dataset.pipeline), views))
    cfg.train_dataloader.sampler = dict(type='RelaSampler')
    # An inherited scope inside of collate_fn would break the loader.
    cfg.train_dataloader.collate_fn = dict(type='default_collate')
    cfg.setdefault('default_hooks', {}).update(deepcopy(HOOKS))
    cfg.find_unused_parameters = True  # each stage trains a part of the model
    imports = cfg.get('custom_imports', {}).get('imports', [])
    cfg.custom_imports = dict(
        imports=[*imports, 'mmrela.registry'], allow_failed_imports=False)
    return cfg


def weak_views(side: int, views: int = 1) -> list[dict]:
    """The pipeline of RELA's stage (paper, section 4.1).

    Args:
        side: Of the square views, in pixels.
        views: How many of each image.
    """
    transforms = [
        dict(type='RandomResizedCrop', scale=side,
             crop_ratio_range=(0.5, 1.0)),
        dict(type='RandomFlip', prob=0.5)]
    return [dict(type='MultiView', num_views=views, transforms=[transforms]),
            dict(type='PackInputs')]


def _host(cfg: Config) -> str | type:
    host = (cfg.get('model') or {}).get('type')
    found = MODELS.get(host) if isinstance(host, str) else host
    if getattr(found, '__name__', '') == 'Rela':
        raise UserError(f'{cfg.filename} trains RELA already: leave out '
                        '--rela')
    if not (isinstance(found, type) and issubclass(found,
                                                   BaseSelfSupervisor)):
        raise UserError(f'{cfg.filename}: model.type={host!r} is no '
                        'self-supervised algorithm (a subclass of '
                        'BaseSelfSupervisor)')
    return host


def _dataset(cfg: Config) -> dict:
    """The entry of the training data."""
    dataset = (cfg.get('train_dataloader') or {}).get('dataset')
    if dataset is None:
        raise UserError(f'{cfg.filename} has no train_dataloader.dataset')
    if 'pipeline' not in dataset:
        raise UserError(
            f'{cfg.filename}: train_dataloader.dataset has no pipeline; put '
            'RELA around the data set inside of it by hand, see '
            'configs/README.md')
    return dataset


def _side(pipeline: list[dict]) -> int:
    """Side of the host's own views: of the first crop that has one."""
    for step in _steps(pipeline):
        for key in _SIDES:
            side = step.get(key)
            if isinstance(side, int):
                return side
            if isinstance(side, (list, tuple)) and all(
                    isinstance(part, int) for part in side):
                return side[0]
    return 224


def _steps(pipeline: list) -> Iterator[dict]:
    for step in pipeline:
        if isinstance(step, dict):
            yield step
            yield from _steps(step.get('transforms', []))
        elif isinstance(step, (list, tuple)):
            yield from _steps(step)
