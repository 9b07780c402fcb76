"""A small labelled data set with a prior's targets (paper, appendix I)."""
from __future__ import annotations

import io
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import Dataset

from ..datasets.host import build_host
from ..errors import UserError
from ..features.extract import extract
from ..features.images import PriorImages
from ..files.atomic import write_atomically
from ..targets import Manifest, TargetStore, hash_ids, write_store
from .pieces import Piece

MARK = '.distilled'  # a folder without it holds somebody else's images


def distill(images: PriorImages, store: TargetStore, pieces: list[Piece],
            names: Sequence[str], directory: str | os.PathLike) -> Dataset:
    """Write chosen images, their targets and their soft labels.

    ``train/CLASS/NUMBER.png`` are the images, whose list, as mmpretrain's
    ``ImageNet`` reads it, is ``meta/train.txt``; ``targets`` is a store of the
    same PCA as that of all images, and ``soft_labels`` one of the logits,
    if the prior is a classifier.

    Args:
        images: All images, as the prior sees them.
        store: Their targets.
        pieces: What is chosen of them.
        names: Of the classes.
        directory: Where to; what a killed call has left there is replaced.

    Returns:
        The data set, one of mmpretrain's.

    Raises:
        UserError: of :func:`require_own`, or the disk is full.
    """
    directory = Path(directory)
    require_own(directory)
    write_atomically(directory / MARK, b'')
    _remove(directory / 'train')
    _write_images(images, pieces, folders_of(names), directory)
    dataset = folder(directory)
    small = replace(images, dataset=dataset)
    features = torch.cat([part for part, _ in extract(small, 'targets')])
    if images.prior.head is not None:
        with torch.no_grad():
            logits = images.prior.head(features)
        _write(directory / 'soft_labels', logits, small)
    _write(directory / 'targets', store.pca.transform(features), small)
    return dataset


def require_own(directory: Path) -> None:
    """Refuse a folder in which nothing may be replaced.

    Raises:
        UserError: a data set is there already, distilled or another.
    """
    if (directory / 'targets' / 'meta.json').exists():
        raise UserError(f'{directory} holds a distilled data set already: '
                        'remove it, or pass another --out')
    if (directory / 'train').exists() and not (directory / MARK).exists():
        raise UserError(f'{directory}/train holds images that were not '
                        'distilled here: pass another --out')


def folder(directory: Path) -> Dataset:
    """The images of a distilled data set, as mmpretrain reads them."""
    return build_host(dict(
        type='CustomDataset', data_root=str(directory), data_prefix='train',
        pipeline=[dict(type='LoadImageFromFile')]))


def folders_of(names: Sequence[str]) -> list[str]:
    """Names of folders whose order is that of the classes."""
    plain = [re.sub(r'[^\w.-]+', '_', str(name)) for name in names]
    if plain == sorted({*plain}):
        return plain
    return [f'{label:05d}_{name}' for label, name in enumerate(plain)]


def _write_images(images: PriorImages, pieces: list[Piece],
                  folders: list[str], directory: Path) -> None:
    lines = []
    for number, piece in enumerate(pieces):
        name, file = f'{folders[piece.label]}/{number:06d}.png', io.BytesIO()
        piece.of(images.dataset).image.save(file, 'png')
        write_atomically(directory / 'train' / name, file.getvalue())
        lines.append(f'{name} {piece.label}\n')
    write_atomically(directory / 'meta' / 'train.txt',
                     ''.join(lines).encode())


def _write(directory: Path, rows: Tensor, images: PriorImages) -> None:
    count, width = rows.shape
    write_store(directory, [rows], Manifest(
        count, width, ids=hash_ids(images.ids()),
        prior=images.prior.fingerprint()))


def _remove(train: Path) -> None:
    for file in train.glob('*/*'):
        file.unlink()
