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
from .batched import DeviceRelaTargetDataset
from .cifar import CIFAR10Binary, CIFAR100Binary
from .dataset import RelaTargetDataset
from .head import RelaHead
from .hooks import (
    AdaptiveLambdaHook,
    ChannelsLastHook,
    DeterminismHook,
    OnlineKNNHook,
    PlainCheckpointHook,
)
from .hosts import DINO, DINOHead, DINONeck, VICReg, VICRegHead
from .model import Rela
from .sampler import BudgetSampler, RelaSampler
from .tiny_imagenet import TinyImageNet
from .transforms import NativeResizedCrop
from .version import __version__

compat.patch()

__all__ = [
    'AdaptiveLambdaHook', 'BudgetSampler', 'CIFAR10Binary',
    'CIFAR100Binary', 'ChannelsLastHook', 'DINO', 'DINOHead', 'DINONeck',
    'DeterminismHook', 'DeviceRelaTargetDataset', 'NativeResizedCrop',
    'OnlineKNNHook', 'PlainCheckpointHook', 'Rela', 'RelaHead', 'RelaSampler',
    'RelaTargetDataset', 'TinyImageNet', 'VICReg', 'VICRegHead', '__version__'
]
