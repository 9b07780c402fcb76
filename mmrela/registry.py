"""Registers all components with mmpretrain's registries, once imported.

So are the names of the configs, for mmpretrain's ``list_models``.

mmengine imports this module itself where a config spells a component with
its scope, such as ``type='mmrela.RelaHead'``.
"""
# ruff: noqa: F401
try:
    import mmcv
except ModuleNotFoundError as e:
    if e.name != 'mmcv':  # mmcv is there, and something that it needs is not
        raise
    raise ModuleNotFoundError(
        'mmrela needs mmcv: install the full build, or `pip install '
        'mmcv-lite` (enough for all of mmrela)', name='mmcv') from e

from mmpretrain.apis import ModelHub

from .batched import DeviceRelaTargetDataset
from .datasets.cifar import CIFAR10Binary, CIFAR100Binary
from .datasets.map_dataset import MapDataset
from .datasets.rela_target import RelaTargetDataset
from .datasets.samplers.budget_sampler import BudgetSampler
from .datasets.samplers.rela_sampler import RelaSampler
from .datasets.soft_labels import SoftLabelDataset
from .datasets.tiny_imagenet import TinyImageNet
from .datasets.transforms import NativeResizedCrop
from .engine.accelerate import accelerate
from .engine.hooks import (
    AdaptiveLambdaHook,
    ChannelsLastHook,
    DeterminismHook,
    DeviceColoursHook,
    PlainCheckpointHook,
    SecondsHook,
)
from .engine.scores import OnlineKNNHook, OnlineRankHook
from .home import HOME
from .models.convnet import ConvNet
from .models.rela import Rela
from .models.rela_head import RelaHead
from .models.selfsup import DINO, DINOHead, DINONeck, VICReg, VICRegHead
from .models.soft_labels import SoftLabelClassifier

if (HOME / 'model-index.yml').is_file():
    ModelHub.register_model_index(HOME / 'model-index.yml', HOME)
