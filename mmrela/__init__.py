"""RELA (NeurIPS 2024) for OpenMMLab's self-supervised algorithms.

Importing this package registers its components with mmpretrain.
"""
try:
    import mmcv  # noqa: F401
except ModuleNotFoundError as e:
    raise ModuleNotFoundError(
        'mmrela needs mmcv: install the full build, or `pip install '
        'mmcv-lite` (enough for all of mmrela)') from e

from .batched import DeviceRelaTargetDataset
from .datasets.cifar import CIFAR10Binary, CIFAR100Binary
from .datasets.rela_target import RelaTargetDataset
from .datasets.sampler import BudgetSampler, RelaSampler
from .datasets.tiny_imagenet import TinyImageNet
from .datasets.transforms import NativeResizedCrop
from .engine import checkpoints, compat  # noqa: F401
from .engine.hooks import (
    AdaptiveLambdaHook,
    ChannelsLastHook,
    DeterminismHook,
    OnlineKNNHook,
    PlainCheckpointHook,
)
from .models.rela import Rela
from .models.rela_head import RelaHead
from .models.selfsup import DINO, DINOHead, DINONeck, VICReg, VICRegHead
from .version import __version__

compat.patch()

__all__ = [
    'AdaptiveLambdaHook', 'BudgetSampler', 'CIFAR10Binary',
    'CIFAR100Binary', 'ChannelsLastHook', 'DINO', 'DINOHead', 'DINONeck',
    'DeterminismHook', 'DeviceRelaTargetDataset', 'NativeResizedCrop',
    'OnlineKNNHook', 'PlainCheckpointHook', 'Rela', 'RelaHead', 'RelaSampler',
    'RelaTargetDataset', 'TinyImageNet', 'VICReg', 'VICRegHead', '__version__'
]
