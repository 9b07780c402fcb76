"""RELA-D: from images to a target store (paper, section 4.1, app. L)."""
from __future__ import annotations

import os
import time
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import torch

from .. import processes as ranks
from ..errors import UserError
from ..features.extract import BATCH_SIZE, batches_of, extract
from ..features.forward import release
from ..features.images import PriorImages
from ..files.atomic import remove_leftovers
from ..files.locks import alone
from ..priors import JoinedPrior
from ..targets import (
    BLOCK,
    Manifest,
    TargetStore,
    TargetStoreError,
    hash_ids,
)
from ..targets.feature_blocks import FeatureBlocks
from .reduce import check_width, reduce


def generate(images: PriorImages,
             directory: str | os.PathLike,
             dim: int,
             normalize: str | None = None,
             dtype: str = 'float16',
             features: str | os.PathLike | None = None,
             block: int = BLOCK) -> TargetStore:
    """Run the prior once over the images and store reduced features.

    All ranks compute features, in blocks that lie on disk; rank 0 reduces
    them. Memory holds one block and O(d²) statistics. A killed call goes on
    where it was, and any number of ranks ends in the same bytes.

    Args:
        images: What the prior sees. If they skip unreadable ones, the
            targets of these are zeros, and the manifest lists them.
        directory: Where the store goes. A finished store with the same
            fingerprint is opened and returned as it is.
        dim: Components, k.
        normalize: As for :meth:`BatchPCA.fit`; the prior's own by default.
        dtype: ``float16`` or ``float32``.
        features: Where blocks of features go, and stay for another ``dim``
            or ``normalize``; ``directory/features`` by default.
        block: Images of a block. With another number, PCA rounds otherwise.

    Raises:
        TargetStoreError: another store is there already.
        UserError: an image is unreadable, features are not finite, there
            are fewer than ``dim`` of them, features of something else are
            there, another generation writes there, the disk is full,
            another rank has failed, or ``normalize`` does not go with
            several priors.
    """
    directory = Path(directory)
    if isinstance(images.prior, JoinedPrior) and normalize == 'standardize':
        raise UserError('--normalize standardize does not go with several '
                        'priors, whose features are whitened: take center or '
                        'whiten')
    with ranks.one_sentence(), ExitStack() as locks:
        planned = ranks.from_first(lambda: Manifest(
            len(images), dim, dtype, hash_ids(images.ids()),
            prior=images.prior.fingerprint(),
            pca=dict(normalize=normalize or images.prior.normalize)))
        blocks = FeatureBlocks(Path(features or directory / 'features'),
                               _pass_over(planned, block))
        todo = ranks.from_first(
            lambda: _prepare(directory, blocks, planned, images.skip, locks))
        if todo is not None:
            seconds = _extract(blocks, todo, images, dim)
            release(images.prior)
            ranks.from_first(lambda: reduce(
                blocks, directory, replace(planned, feature_seconds=seconds),
                images.dataset, _widths(images, blocks)))
        return TargetStore.open(directory)


def _pass_over(planned: Manifest, block: int) -> dict:
    """Fingerprint of one pass over the images, flat."""
    prior = {f'prior {key}': value for key, value in planned.prior.items()}
    return dict(samples=planned.samples, ids=planned.ids, **prior,
                block=block, batch=BATCH_SIZE, dtype='float32')


def _prepare(directory: Path, blocks: FeatureBlocks, planned: Manifest,
             skip: bool, locks: ExitStack) -> list[int] | None:
    """Blocks to do; ``None`` if the store is there already."""
    finished = directory / 'meta.json'
    if not finished.exists():
        for place in (directory, blocks.directory):
            locks.enter_context(alone(place, 'wait for it, or pass another '
                                      '--out and --features'))
    if finished.exists():
        _check_same(directory, blocks, planned, skip)
        return None
    blocks.claim()
    for place in (directory, blocks.directory):
        remove_leftovers(place)
    return blocks.todo(again=not skip)


def _check_same(directory: Path, blocks: FeatureBlocks, planned: Manifest,
                skip: bool) -> None:
    store = TargetStore.open(directory)
    for key in ('samples', 'ids', 'prior', 'dim', 'dtype', 'pca'):
        there = getattr(store.manifest, key)
        if key == 'pca':
            there = {'normalize': there.get('normalize')}
        if there != getattr(planned, key):
            cure = ('remove it, or name another by '
                    'train_dataloader.dataset.targets (gen_targets.py: '
                    '--out)')
            if key in ('dim', 'dtype', 'pca') and blocks.directory.is_dir():
                cure += (f'; with --features {blocks.directory} that needs '
                         'no images')
            raise TargetStoreError(f'{directory} already holds targets with '
                                   f'another {key} ({there}): {cure}')
    if store.skipped and not skip:
        raise TargetStoreError(
            f'{directory} leaves out {len(store.skipped)} unreadable images: '
            'pass --on-bad-image skip, or mend them and remove its meta.json')


def _widths(images: PriorImages,
            blocks: FeatureBlocks) -> tuple[int, ...] | None:
    """Of the features of several priors, by a look at one image."""
    if not isinstance(images.prior, JoinedPrior):
        return None
    row = next((block.rows[int(block.readable.argmax())] for block in blocks
                if block.readable.any()), None)
    if row is not None and images.prior.widths is None:
        next(extract(images, None, [[row]]))
    return images.prior.widths


def _extract(blocks: FeatureBlocks, todo: list[int], images: PriorImages,
             dim: int) -> float:
    """Compute and store this rank's share; the seconds till all are done."""
    start = time.perf_counter()
    rank, size = ranks.rank_and_size()
    batches = {block: batches_of(blocks.rows(block))
               for block in todo[rank::size]}
    flat = [batch for parts in batches.values() for batch in parts]
    title = None if rank else 'features'
    with closing(extract(images, title, flat, size)) as found:
        for block, parts in batches.items():
            features, readable = [], []
            for _, (some, mask) in zip(parts, found):
                check_width(some, dim)
                features.append(some)
                readable.append(mask)
            # Without readable images, a batch does not know its width.
            wide = [some for some in features if len(some)] or features[:1]
            blocks.write(rank, block, torch.cat(wide).numpy(),
                         torch.cat(readable).numpy())
    ranks.wait()
    return round(time.perf_counter() - start, 1)
