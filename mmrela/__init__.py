"""RELA (NeurIPS 2024) for OpenMMLab's self-supervised algorithms.

Importing this package alone changes nothing and needs nothing but Python:
its parts are imported when they are asked for, and the core's (``pca``,
``schedule``, ``targets``) need torch and numpy only. ``mmrela.registry``
registers all components with mmpretrain, and so does any attribute of this
package, as well as importing it where mmengine is in use already, as when a
config names it in ``custom_imports``.
"""
# ruff: noqa: F403, F405
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from .home import RELA
from .version import __version__

if TYPE_CHECKING:  # the names below
    from .api import *
    from .registry import *

# What a user does with a checkpoint; the other names are components.
CALLS = frozenset({'embed', 'evaluate', 'export_backbone', 'knn',
                   'linear_probe', 'load_backbone'})
__all__ = [
    'AdaptiveLambdaHook', 'BudgetSampler', 'CIFAR10Binary', 'CIFAR100Binary',
    'ChannelsLastHook', 'ConvNet', 'DINO', 'DINOHead', 'DINONeck',
    'DeterminismHook', 'DeviceColoursHook', 'DeviceRelaTargetDataset',
    'MapDataset', 'NativeResizedCrop', 'OnlineKNNHook', 'OnlineRankHook',
    'PlainCheckpointHook', 'RELA', 'Rela', 'RelaHead', 'RelaSampler',
    'RelaTargetDataset', 'SecondsHook', 'SoftLabelClassifier',
    'SoftLabelDataset', 'TinyImageNet', 'VICReg', 'VICRegHead', '__version__',
    'accelerate', 'embed', 'evaluate', 'export_backbone', 'knn',
    'linear_probe', 'load_backbone'
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    room = '.api' if name in CALLS else '.registry'
    return getattr(import_module(room, __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


# mmengine's version is the last that it sets: without it mmengine is itself
# being imported, and cannot take registrations yet.
if (hasattr(sys.modules.get('mmengine'), '__version__')
        and find_spec('mmpretrain')):  # the core does without
    import_module('.registry', __name__)
