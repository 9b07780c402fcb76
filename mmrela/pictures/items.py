"""What map-style data sets, such as torchvision's, hold in a row."""
from __future__ import annotations

import operator
import os
from typing import Any

import numpy as np
from mmengine import fileio
from torch.utils.data import Dataset
from torchvision.datasets import DatasetFolder

from ..errors import UserError


class Items:
    """A map-style data set's pictures and labels, by their rows.

    Args:
        source: Its items are pairs of a picture and a label, dicts, or
            pictures: Pillow's, RGB arrays (H, W, 3) or grey ones (H, W) of
            uint8, files' names or contents. Those of Hugging Face's
            ``datasets`` are decoded here, and no other column is read.
        image: Key of the picture where items are dicts.
        label: Key of the label.

    Raises:
        UserError: it has no column of this name.
    """

    def __init__(self, source: Dataset, image: str, label: str) -> None:
        self.image, self.label = image, label
        self.columns = {}
        if hasattr(source, 'cast_column'):  # Hugging Face's
            self.columns = source.features
            source = self._undecoded(source)
        self.source = source

    def _undecoded(self, source: Dataset) -> Dataset:
        found = self.columns.get(self.image)
        if found is None:
            raise UserError(f'source has no column {self.image!r}: set '
                            f'`image` to one of {sorted(self.columns)}')
        if getattr(found, 'decode', False):
            source = source.cast_column(
                self.image, type(found)(decode=False))
        return source.select_columns(
            [key for key in (self.image, self.label) if key in self.columns])

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, row: int) -> tuple[object, int | None]:
        """A picture as ``source`` gives it, and its label, if it has one."""
        item = self.source[row]
        if isinstance(item, dict) and self.image in item:
            return item[self.image], _number(item.get(self.label))
        if isinstance(item, (tuple, list)):
            return item[0], _number(item[1] if len(item) > 1 else None)
        return item, None

    def labels(self) -> list[int] | None:
        """All labels, if they can be told without a look at the pictures."""
        found = self.columns.get(self.label) and self.source[self.label]
        if not getattr(self.source, 'target_transform', None):
            for key in ('targets', 'labels'):  # torchvision's
                found = getattr(self.source, key, found)
        if found is None or len(found) != len(self):
            return None
        numbers = [n for n in map(_number, found) if n is not None]
        return numbers if len(numbers) == len(self) else None

    def classes(self) -> tuple | None:
        """Names of the classes, if there are some."""
        column = self.columns.get(self.label)
        return tuple(getattr(self.source, 'classes', None)
                     or getattr(column, 'names', None) or ()) or None

    def files(self) -> list[str] | None:
        """Where the pictures lie, as torchvision's folders tell."""
        if not isinstance(self.source, DatasetFolder):
            return None
        return [str(file) for file, _ in self.source.samples]

    def stored(self, row: int) -> np.ndarray:
        """What tells a picture from others; empty if it cannot be read.

        Returns:
            A file's content, (bytes,), or pixels; uint8.
        """
        try:
            picture = content_of(self[row][0])
            if isinstance(picture, bytes):
                return np.frombuffer(picture, np.uint8)
            return np.asarray(picture)
        except Exception:  # reading it will tell why
            return np.empty(0, np.uint8)


def _number(label: Any) -> int | None:
    """A class; negative ones are torchvision's for none."""
    try:
        number = operator.index(label)
    except TypeError:
        return None
    return number if number >= 0 else None


def content_of(picture: object) -> object:
    """Of a file; other pictures as they are."""
    if isinstance(picture, dict):  # of Hugging Face's
        picture = picture['bytes'] or picture['path']
    if isinstance(picture, (str, os.PathLike)):
        return fileio.get(str(picture))
    return picture
