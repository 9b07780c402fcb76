"""One switch that turns a config of mmpretrain into RELA's."""
from __future__ import annotations

from copy import deepcopy

from mmengine.config import Config, ConfigDict
from mmengine.dataset import DefaultSampler, InfiniteSampler
from mmpretrain.registry import DATA_SAMPLERS, DATASETS, MODELS

from ..errors import UserError
from ..models.hosts import SAID, is_host
from ..resolve import pipelines, resolve
from .weak_views import side_of, weak_views

# `configs/_base_/rela.py` says the same to configs that inherit.
HOOKS = dict(
    rela=dict(
        type='AdaptiveLambdaHook', schedule=dict(type='AdaptiveLambda')),
    determinism=dict(type='DeterminismHook'),
    plain_checkpoint=dict(type='PlainCheckpointHook'),
    seconds=dict(type='SecondsHook'))


def accelerate(cfg: Config,
               targets: str,
               views: int = 1,
               out_channels: int = 512) -> Config:
    """RELA on a self-supervised config of mmpretrain, or a classifier's.

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
        UserError: the config trains neither a self-supervised algorithm nor
            a classifier, trains RELA already, or lacks an entry; names the
            key.

    Example:
        >>> cfg = Config.fromfile('simsiam_resnet50_8xb32-coslr-100e_in1k.py')
        >>> Runner.from_cfg(accelerate(cfg, 'data/targets/in1k')).train()
    """
    if not isinstance(cfg, Config):
        raise UserError('accelerate() takes a Config of mmengine, not a '
                        f'{type(cfg).__name__}: read a file by '
                        'Config.fromfile(FILE)')
    cfg = deepcopy(cfg)
    _require_host(cfg)
    dataset = _dataset(cfg)
    _wrap(cfg.model, type='Rela', rela_head=dict(
        type='RelaHead', out_channels=out_channels))
    _wrap(dataset, type='RelaTargetDataset', targets=targets,
          rela_pipeline=weak_views(side_of(dataset), views))
    cfg.train_dataloader.sampler = _sampler(
        cfg.train_dataloader.get('sampler'))
    # An inherited scope inside of collate_fn would break the loader.
    cfg.train_dataloader.collate_fn = dict(type='default_collate')
    cfg.default_hooks = cfg.get('default_hooks') or {}  # it keeps a copy
    cfg.default_hooks.update(deepcopy(HOOKS))
    cfg.find_unused_parameters = True  # each stage trains a part of the model
    imports = (cfg.get('custom_imports') or {}).get('imports') or []
    imports = [imports] if isinstance(imports, str) else imports
    cfg.custom_imports = dict(
        imports=[*imports, 'mmrela.registry'], allow_failed_imports=False)
    cfg.setdefault('default_scope', 'mmpretrain')  # new-style ones need none
    return cfg


def trains_rela(cfg: Config) -> bool:
    """Whether a config's model is RELA's already."""
    kind = resolve((cfg.get('model') or {}).get('type'), MODELS)
    return getattr(kind, '__name__', '') == 'Rela'


def _require_host(cfg: Config) -> None:
    name = (cfg.get('model') or {}).get('type')
    if trains_rela(cfg):
        raise UserError(f'{_name(cfg)} trains RELA already')
    if not is_host(resolve(name, MODELS)):
        raise UserError(f'{_name(cfg)}: model.type={name!r} is no registered '
                        f'self-supervised algorithm or classifier ({SAID})')


def _name(cfg: Config) -> str:
    return cfg.filename or 'the config'


def _sampler(given: dict | None) -> dict:
    """RELA's, which shuffles, or stamps the order of another."""
    given = given or dict(type='DefaultSampler')
    kind = resolve(given.get('type'), DATA_SAMPLERS)
    if getattr(kind, '__name__', '') == 'BudgetSampler':  # as RELA's own
        return dict(type='RelaSampler', ratio=given.get('ratio', 1.0))
    if kind in (DefaultSampler, InfiniteSampler) and given.get(
            'shuffle', True):
        return dict(type='RelaSampler')
    return dict(type='RelaSampler', order=given)


def _wrap(entry: ConfigDict, **settings: object) -> None:
    """Put what ``settings`` name around an entry's type."""
    # `entry.type` would be the class itself in a new-style config, which
    # cannot be written to a file any more.
    settings['host'] = dict.__getitem__(entry, 'type')
    entry.update(settings)


def _dataset(cfg: Config) -> ConfigDict:
    """The entry of the training data."""
    dataset = (cfg.get('train_dataloader') or {}).get('dataset')
    if not isinstance(dataset, dict) or 'type' not in dataset:
        raise UserError(f'{_name(cfg)} has no train_dataloader.dataset, the '
                        'entry of a data set')
    kind = resolve(dataset.get('type'), DATASETS)
    if kind and not hasattr(kind, 'get_data_info'):
        raise UserError(f'{_name(cfg)}: train_dataloader.dataset.type='
                        f"{kind.__name__} is no data set of mmengine's kind "
                        '(a subclass of BaseDataset, or around one)')
    if not any(pipelines(dataset)):
        raise UserError(
            f'{_name(cfg)}: neither train_dataloader.dataset nor a data set '
            "inside of it has a pipeline, as those of mmpretrain's data sets")
    return dataset
