"""A host's data set as mmpretrain builds it, for any picture."""
from __future__ import annotations

import inspect
from collections.abc import Iterator
from itertools import takewhile

from mmcv.transforms import LoadImageFromFile
from mmpretrain.datasets import MNIST, CustomDataset
from mmpretrain.registry import DATASETS
from torch.utils.data import Dataset

from ..errors import UserError
from ..pictures.access import is_loading, takes_grey
from ..pictures.formats import LoadChannels, LoadPicture, extensions
from ..resolve import resolve

COLOURS = {'ColorJitter', 'Lighting'}  # break on a single channel


def build_host(cfg: dict) -> Dataset:
    """Build a data set of mmpretrain's, or a wrapper around some.

    A folder's pictures are all files that Pillow reads, unless its config
    has ``extensions``; what is loaded has three channels.

    Raises:
        UserError: it would read other images than its ``split`` says.
    """
    dataset = DATASETS.build(_with_extensions(cfg))
    for part in parts(dataset):
        _check_split(part)
        _mend_loading(part)
    return dataset


def parts(dataset: Dataset) -> Iterator[Dataset]:
    """The data sets inside of mmengine's wrappers, or the one itself."""
    if not hasattr(dataset, '_get_ori_dataset_idx'):
        yield dataset
        return
    for part in getattr(dataset, 'datasets', None) or [dataset.dataset]:
        yield from parts(part)


def fit_channels(dataset: Dataset, cfg: dict) -> None:
    """Leave grey pictures grey where the network takes one channel.

    Args:
        dataset: Of :func:`build_host`, or a wrapper around some.
        cfg: The config of the training.

    Raises:
        UserError: a transform needs colours then.
    """
    if not takes_grey(cfg):
        return
    for name in COLOURS & {*_types(cfg.get('train_dataloader'))}:
        raise UserError(
            f'model.backbone takes one channel, and {name} needs three: take '
            "it out of train_dataloader.dataset's pipelines, or set "
            'model.backbone.in_channels=3')
    for part in parts(dataset):
        for transform in part.pipeline.transforms:
            if isinstance(transform, LoadChannels):
                transform.keep_grey = True


def _types(entry: object) -> Iterator[str]:
    """Names of all types in a part of a config."""
    if isinstance(entry, dict):
        kind = entry.get('type', '')
        yield getattr(kind, '__name__', str(kind)).rpartition('.')[2]
        entry = [*entry.values()]
    for part in entry if isinstance(entry, (list, tuple)) else ():
        yield from _types(part)


def _with_extensions(cfg: dict) -> dict:
    """The config, whose folders take what Pillow reads."""
    cfg = dict(cfg)
    if isinstance(cfg.get('dataset'), dict):
        cfg['dataset'] = _with_extensions(cfg['dataset'])
    if 'datasets' in cfg:
        cfg['datasets'] = [_with_extensions(part) if isinstance(part, dict)
                           else part for part in cfg['datasets']]
    if _takes_extensions(resolve(cfg.get('type'), DATASETS)):
        cfg.setdefault('extensions', extensions())
    return cfg


def _takes_extensions(kind: object) -> bool:
    """Whether it is a folder; a user's own may pass extensions itself."""
    if not (inspect.isclass(kind) and issubclass(kind, CustomDataset)):
        return False
    init = kind.__init__
    return (init.__module__.startswith('mmpretrain.')
            or 'extensions' in inspect.signature(init).parameters)


def _check_split(dataset: Dataset) -> None:
    """mmpretrain's MNIST goes by ``test_mode``, whatever ``split`` says."""
    if isinstance(dataset, MNIST) and (
            dataset.test_mode != (dataset.split == 'test')):
        name, mode = type(dataset).__name__, dataset.test_mode
        raise UserError(
            f"{name} with split='{dataset.split}' and test_mode={mode} reads "
            f'its {"test" if mode else "training"} images: set '
            f'test_mode={not mode} beside it')


def _mend_loading(dataset: Dataset) -> None:
    """Let the pipeline begin by loading any picture, in three channels."""
    pipeline = getattr(dataset, 'pipeline', None)
    if pipeline is None:
        return
    steps = pipeline.transforms
    for i, step in enumerate(steps):
        if type(step) is LoadImageFromFile:
            steps[i] = LoadPicture.__new__(LoadPicture)
            vars(steps[i]).update(vars(step))
    loading = len([*takewhile(is_loading, steps)])
    steps.insert(loading, LoadChannels())
