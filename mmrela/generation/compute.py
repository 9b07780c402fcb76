"""The pass over the images: features of each prior, as far as they lack."""
from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing

import torch
from torch import Tensor

from .. import processes as ranks
from ..features.extract import batches_of, extract_each
from ..features.stopwatch import Stopwatch
from ..targets.journal import took
from .asked import Asked
from .reduce import check_width

Todo = Sequence[tuple[Asked, list[int]]]  # stores, and blocks that they lack


def compute(todo: Todo) -> None:
    """Compute and store this rank's share, and wait till all are done.

    Each image is read once for all the stores that lack its block. The first
    rank writes down what it takes, block by block.

    Raises:
        UserError: as :func:`~mmrela.features.extract.extract`, a prior has
            fewer features than its store has components, or another rank
            has failed.
    """
    watch = Stopwatch()
    for stores, blocks in _groups(todo):
        _compute(stores, blocks, watch)
    ranks.wait()
    _note([store for store, blocks in todo if blocks], watch)


def _groups(todo: Todo) -> list[tuple[tuple[Asked, ...], list[int]]]:
    """Stores that lack the same blocks, and these, ascending."""
    lacking, groups = defaultdict(list), defaultdict(list)
    for store, blocks in todo:
        for block in blocks:
            lacking[block].append(store)
    for block in sorted(lacking):
        groups[tuple(lacking[block])].append(block)
    return [*groups.items()]


def _compute(stores: Sequence[Asked], todo: list[int],
             watch: Stopwatch) -> None:
    rank, size = ranks.rank_and_size()
    batches = {block: batches_of(stores[0].blocks.rows(block))
               for block in todo[rank::size]}
    flat = [batch for parts in batches.values() for batch in parts]
    title = None if rank else 'features'
    with closing(extract_each([store.images for store in stores], title,
                              flat, size)) as found:
        for block, parts in batches.items():
            seen = []
            for _, each in zip(parts, found):
                for store, (some, _) in zip(stores, each):
                    check_width(some, store.planned.dim)
                seen.append(each)
            for store, those in zip(stores, zip(*seen)):
                _write(store, rank, block, those)
            _note(stores, watch)


def _note(stores: Sequence[Asked], watch: Stopwatch) -> None:
    watch.lap('pass')
    if ranks.rank_and_size()[0] == 0:
        for store in stores:
            took(store.blocks.directory, watch.total)
    watch.restart()


def _write(store: Asked, rank: int, block: int,
           parts: Sequence[tuple[Tensor, Tensor]]) -> None:
    features, readable = zip(*parts)
    # Without readable images, a batch does not know its width.
    wide = [some for some in features if len(some)] or features[:1]
    store.blocks.write(rank, block, torch.cat(wide).numpy(),
                       torch.cat(readable).numpy())
