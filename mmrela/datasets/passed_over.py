"""Files in a folder of pictures that are none of the data set's."""
from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath

from mmengine.fileio import get_file_backend
from mmpretrain.datasets import CustomDataset
from torch.utils.data import Dataset

from ..pictures.formats import extensions
from .host import parts


def passed_over(dataset: Dataset) -> str:
    """How many files the folders hold that were not taken, and why.

    Args:
        dataset: One of mmpretrain's, or a wrapper around some; of those
            that go by a list, or lie in memory, nothing is said.

    Returns:
        A sentence for each folder, none for one that was taken whole.
    """
    folders = {part.img_prefix: part for part in parts(dataset)
               if isinstance(part, CustomDataset) and not part.ann_file}
    return ' '.join(filter(None, map(_of_folder, folders.values())))


def _of_folder(folder: CustomDataset) -> str:
    root = folder.img_prefix
    files = [*get_file_backend(root).list_dir_or_file(
        root, list_dir=False, recursive=True)]
    others = Counter(
        PurePosixPath(file).suffix.lower() or 'without a suffix'
        for file in files if not folder.is_valid_file(file))
    alone = folder.with_label and sum(
        folder.is_valid_file(file) for file in files if '/' not in file)
    if not others and not alone:
        return ''
    rule = ('Pillow reads no such files'
            if sorted(folder.extensions) == sorted(extensions())
            else 'not among its `extensions`')
    counts = sorted(others.items(), key=lambda found: (-found[1], found[0]))
    reasons = [', '.join(f'{n} {what}' for what, n in counts)
               + f' ({rule})'] if others else []
    if alone:
        reasons.append(f'{alone} outside of the folders of classes')
    return (f'{sum(others.values()) + alone} files below {root} were passed '
            f'over: {"; ".join(reasons)}.')
