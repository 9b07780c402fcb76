"""RELA (NeurIPS 2024) for OpenMMLab's self-supervised algorithms.

Importing this package registers its components with mmpretrain.
"""
try:
    import mmcv  # noqa: F401
except ModuleNotFoundError as e:
    raise ModuleNotFoundError(
        'mmrela needs mmcv: install the full build, or `pip install '
        'mmcv-lite` (enough for all of mmrela)') from e

from . import checkpoints, compat  # noqa: F401
from .cifar import CIFAR10Binary
from .dataset import RelaTargetDataset
from .head import RelaHead
from .hooks import (
    AdaptiveLambdaHook,
    DeterminismHook,
    PlainCheckpointHook,
)
from .model import Rela
from .sampler import BudgetSampler, RelaSampler
from .transforms import NativeResizedCrop
from .version import __version__

compat.patch()

__all__ = [
    'AdaptiveLambdaHook', 'BudgetSampler', 'CIFAR10Binary', 'DeterminismHook',
    'NativeResizedCrop', 'PlainCheckpointHook', 'Rela', 'RelaHead',
    'RelaSampler', 'RelaTargetDataset', '__version__'
]
