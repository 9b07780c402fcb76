"""Map-style data sets, such as torchvision's and Hugging Face's."""
from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import numpy as np
from mmcv.transforms import LoadImageFromFile
from mmpretrain.datasets import BaseDataset
from mmpretrain.registry import DATASETS
from torch.utils.data import Dataset

from ..errors import UserError
from ..files.locks import locked
from ..pictures.items import Items
from ..pictures.load_item import LoadItem
from ..pictures.rgb import loaders, loads_bgr


@DATASETS.register_module()
class MapDataset(BaseDataset):
    """Any map-style data set, with mmpretrain's transforms.

    It loads its pictures itself, when they are asked for: as BGR where the
    pipeline begins with ``LoadImageFromFile``, whose place it takes, else as
    RGB. A sample's id is its path below ``source.root`` for torchvision's
    folders, else its number with a hash of its file or its pixels, which all
    are read for.

    Args:
        source: The data set, or a ``dict`` of its ``type``, a dotted name
            such as ``torchvision.datasets.STL10`` or
            ``datasets.load_dataset``, and its arguments.
        image, label: Keys of items that are dicts, such as Hugging Face's.
        pipeline: Transforms.
        **kwargs: As for mmpretrain's ``BaseDataset``.

    Raises:
        UserError: the source cannot be made, or is no map-style data set;
            what loads the pictures has settings of its own.
    """

    def __init__(self,
                 source: dict | Dataset,
                 image: str = 'image',
                 label: str = 'label',
                 pipeline: Sequence[dict] = (),
                 **kwargs) -> None:
        self.items = Items(_made(source), image, label)
        if self.items.files():  # ids are relative to it
            kwargs.setdefault('data_root', str(self.items.source.root))
        super().__init__(
            ann_file='', pipeline=self._loading([*pipeline]), **kwargs)

    def _loading(self, pipeline: list[dict]) -> list:
        first = [load for load in loaders(pipeline[:1])
                 if isinstance(load, LoadImageFromFile)]
        if first and (first[0].to_float32 or first[0].color_type != 'color'):
            raise UserError('MapDataset loads as LoadImageFromFile does by '
                            'default: leave its to_float32 and color_type '
                            'out of `pipeline`')
        order = 'bgr' if loads_bgr(first) else 'rgb'
        return [LoadItem(self.items, order), *pipeline[len(first):]]

    def load_data_list(self) -> list[dict]:
        """Rows of the source, with paths and labels where it tells them."""
        told = dict(img_path=self.items.files(), gt_label=self.items.labels())
        known = {key: values for key, values in told.items() if values}
        if self.items.classes():
            self._metainfo.setdefault('classes', self.items.classes())
        return [dict(row=row, **{key: values[row]
                                 for key, values in known.items()})
                for row in range(len(self.items))]

    def get_gt_labels(self) -> np.ndarray:
        """All labels, (N,).

        Raises:
            KeyError: an image has none.
        """
        try:
            return super().get_gt_labels()
        except KeyError:  # only the items tell
            pass
        rows = [self.get_data_info(i)['row'] for i in range(len(self))]
        labels = [self.items[row][1] for row in rows]
        if None in labels:
            raise KeyError('gt_label')
        return np.array(labels)

    def stored(self, index: int) -> np.ndarray:
        """See :meth:`~mmrela.pictures.items.Items.stored`."""
        return self.items.stored(self.get_data_info(index)['row'])


def _made(source: dict | Dataset) -> Dataset:
    """A map-style data set."""
    name = type(source).__name__
    if isinstance(source, dict) and 'type' in source:
        settings = dict(source)
        kind = settings.pop('type')
        name = kind if isinstance(kind, str) else kind.__name__
        try:
            if isinstance(kind, str):
                kind = pkgutil.resolve_name(kind)
            with _in_turn(settings):
                source = kind(**settings)
        except Exception as e:  # whatever the library says
            raise UserError(f'source: {name} cannot be made ({e}): correct '
                            'its entries, or put its data there') from e
    if isinstance(source, dict):
        raise UserError(f'source: {name} has entries {sorted(source)}, no '
                        'images: name its `type`, or choose one by `split`')
    if not (hasattr(source, '__len__') and hasattr(source, '__getitem__')):
        raise UserError(f'source: {name} is no map-style data set: it needs '
                        '__len__ and __getitem__, and so no `streaming`')
    return source


@contextmanager
def _in_turn(settings: dict) -> Iterator[None]:
    """Let ranks download one after the other: all but one find it done."""
    with ExitStack() as stack:
        if settings.get('download') and settings.get('root'):
            root = Path(settings['root']).expanduser()
            with suppress(OSError):  # nothing can be written there
                stack.enter_context(locked(root / '.downloading', wait=True))
        yield
