"""What a data set looked for in vain, and what to do about it."""
from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmpretrain.datasets import CIFAR10, MNIST
from mmpretrain.datasets.utils import check_md5, rm_suffix
from mmpretrain.registry import DATASETS
from torch.utils.data import Dataset

from ..errors import UserError
from ..resolve import resolve
from .host import build_host

PACKED = ('.gz', '.tgz', '.tar', '.zip', '.bz2', '.xz', '.7z', '.rar')


def build_explained(cfg: dict, what: str, key: str) -> Dataset:
    """Build a host's data set, or say in one sentence why not.

    Args:
        cfg, what, key: See :func:`explained`.

    Raises:
        UserError: it cannot read its data or join its parts.
    """
    try:
        with explained(cfg, what, key):
            return build_host(cfg)
    except UserError:
        raise
    except ValueError as e:
        cure = ('. To join data sets of different classes, set '
                f"{key}.ignore_keys='classes'")
        raise UserError(
            f'{what}: {e}' + cure * (what == 'ConcatDataset')) from e


@contextmanager
def explained(cfg: dict, what: str, key: str) -> Iterator[None]:
    """A failure to read a data set, in one sentence with the cure.

    Args:
        cfg: Config of the data set.
        what: What messages call it.
        key: Where the config of the training has ``cfg``.

    Raises:
        UserError: names the file that was looked for, if its root is there.
    """
    try:
        yield
    except UserError:
        raise
    except (OSError, AssertionError, RuntimeError) as e:
        # What follows are sixty suffixes.
        reason = str(e).partition(' Supported extensions')[0]
        raise UserError(f'{what} cannot read its data '
                        + (_lacking(cfg, e, reason) or
                           f'({reason}): point {key}.data_root to it')) from e


def leaves(cfg: dict) -> Iterator[dict]:
    """The configs inside of those of wrappers, or the one itself."""
    inner = cfg.get('datasets') or [cfg.get('dataset')]
    if not isinstance(inner[0], dict):
        yield cfg
    for part in inner:
        if isinstance(part, dict):
            yield from leaves(part)


def _lacking(cfg: dict, error: Exception, reason: str) -> str:
    """What a root that is there lacks, and what to do."""
    for leaf in leaves(cfg):
        root = Path(leaf.get('data_root') or '')
        if not (leaf.get('data_root') and root.is_dir()):
            continue
        file = _sought(leaf) or getattr(error, 'filename', None)
        packed = _packed(root, Path(file or '').name.partition('.')[0])
        if file and str(file).startswith(str(root)):
            return (f'({file} is missing or damaged, though {root} is '
                    f'there): ' + (f'unpack {packed}' if packed
                                   else 'put it there'))
        if packed:
            return f'({reason}): unpack {packed}'
    return ''


def _packed(root: Path, name: str) -> Path | None:
    """An archive in a folder, the one of this name if it is there."""
    found = sorted(p for p in root.iterdir() if p.suffix in PACKED)
    return min(found, key=lambda p: not p.name.startswith(name), default=None)


def _sought(cfg: dict) -> str | None:
    """The first file of CIFAR or MNIST that is missing or damaged."""
    kind = resolve(cfg.get('type'), DATASETS)
    if not (isinstance(kind, type) and issubclass(kind, (CIFAR10, MNIST))):
        return None
    theirs: Any = kind
    root = os.path.join(cfg.get('data_root') or '',
                        cfg.get('data_prefix') or '')
    for name, md5 in theirs.train_list + theirs.test_list:
        if issubclass(theirs, MNIST):
            file, md5 = os.path.join(root, rm_suffix(name)), None
        else:
            file = os.path.join(root, theirs.base_folder, name)
        if not os.path.isfile(file) or md5 and not check_md5(file, md5):
            return file
    return None
