"""Pictures below a folder, without labels."""
from __future__ import annotations

from pathlib import Path

from torch.utils.data import Dataset

from ..errors import UserError
from .host import build_host


def images_below(folder: str | Path) -> Dataset:
    """All pictures below a folder, at any depth, in the order of their paths.

    Raises:
        UserError: there is no such folder, or no picture in it.
    """
    if not Path(folder).is_dir():
        raise UserError(f'no folder at {folder}: name one with pictures')
    try:
        return build_host(dict(
            type='mmpretrain.CustomDataset', data_root=str(folder),
            with_label=False, pipeline=[dict(type='LoadImageFromFile')]))
    except RuntimeError as e:  # it names all suffixes
        raise UserError(f'no pictures below {folder}: name a folder with '
                        'some') from e
