"""RELA-D: from images to a target store (paper, section 4.1, app. L)."""
from __future__ import annotations

import os
import time
from contextlib import closing
from pathlib import Path

import numpy as np

from .. import processes as ranks
from ..datasets.rela_target import RelaTargetDataset
from ..features.extract import BATCH_SIZE, PriorImages, batches_of, extract
from ..files.atomic import remove_leftovers
from ..priors import Prior
from ..targets.feature_blocks import FeatureBlocks
from ..targets.store import BLOCK, TargetStore, TargetStoreError, hash_ids
from .reduce import check_width, reduce


def generate(dataset: RelaTargetDataset,
             prior: Prior,
             directory: str | os.PathLike,
             dim: int,
             normalize: str | None = None,
             bgr: bool = False,
             workers: int = 0,
             dtype: str = 'float16',
             features: str | os.PathLike | None = None,
             skip: bool = False) -> TargetStore:
    """Run the prior once over the images and store reduced features.

    All ranks compute features, in blocks that lie on disk; rank 0 reduces
    them. Memory holds one block and O(d²) statistics. A killed call goes on
    where it was, and any number of ranks ends in the same bytes.

    Args:
        dataset: The images.
        prior: What looks at them.
        directory: Where the store goes. A finished store with the same
            fingerprint is opened and returned as it is.
        dim: Components, k.
        normalize: As for :meth:`BatchPCA.fit`; the prior's own by default.
        bgr: Whether the data set loads BGR.
        workers: Processes of each rank that decode images.
        dtype: ``float16`` or ``float32``.
        features: Where blocks of features go, and stay for another ``dim``
            or ``normalize``; ``directory/features`` by default.
        skip: Leave unreadable images out; their targets are zeros, and
            ``meta['skipped']`` lists them.

    Raises:
        TargetStoreError: another store is there already.
        UserError: an image is unreadable, features are not finite, there
            are fewer than ``dim`` of them, features of something else are
            there, the disk is full, or another rank has failed.
    """
    directory = Path(directory)
    rank, size = ranks.rank_and_size()
    samples = len(dataset.dataset)
    with ranks.one_sentence():
        meta = ranks.from_first(lambda: dict(
            samples=samples, dim=dim, dtype=dtype,
            ids=hash_ids(dataset.sample_ids()), prior=prior.fingerprint(),
            pca=dict(normalize=normalize or prior.normalize), skipped=[]))
        blocks = FeatureBlocks(
            Path(features or directory / 'features'), _pass_over(meta))
        todo = ranks.from_first(
            lambda: _prepare(directory, blocks, meta, skip))
        if todo is not None:
            start = time.perf_counter()
            images = PriorImages(dataset.dataset, prior, bgr, skip)
            _extract(blocks, todo[rank::size], images, prior, workers, dim)
            ranks.wait()
            meta['feature_seconds'] = round(time.perf_counter() - start, 1)
            ranks.from_first(
                lambda: reduce(blocks, directory, meta, dataset.dataset))
        return TargetStore.open(directory)


def _pass_over(meta: dict) -> dict:
    """Fingerprint of one pass over the images, flat."""
    prior = {f'prior {key}': value for key, value in meta['prior'].items()}
    return dict(samples=meta['samples'], ids=meta['ids'], **prior,
                block=BLOCK, batch=BATCH_SIZE, dtype='float32')


def _prepare(directory: Path, blocks: FeatureBlocks, meta: dict,
             skip: bool) -> list[int] | None:
    """Blocks to do; ``None`` if the store is there already."""
    if (directory / 'meta.json').exists():
        _check_same(directory, blocks, meta, skip)
        return None
    blocks.claim()
    for place in (directory, blocks.directory):
        remove_leftovers(place)
    return blocks.todo(again=not skip)


def _check_same(directory: Path, blocks: FeatureBlocks, meta: dict,
                skip: bool) -> None:
    store = TargetStore.open(directory)
    for key in ('samples', 'ids', 'prior', 'dim', 'dtype', 'pca'):
        there = store.meta[key]
        if key == 'pca':
            there = {'normalize': there.get('normalize')}
        if there != meta[key]:
            cure = 'remove it or pass another --out'
            if key in ('dim', 'dtype', 'pca') and blocks.directory.is_dir():
                cure += (f'; with --features {blocks.directory} that needs '
                         'no images')
            raise TargetStoreError(f'{directory} already holds targets with '
                                   f'another {key} ({there}): {cure}')
    if store.skipped and not skip:
        raise TargetStoreError(
            f'{directory} leaves out {len(store.skipped)} unreadable images: '
            'pass --on-bad-image skip, or mend them and remove its meta.json')


def _extract(blocks: FeatureBlocks, todo: list[int], images: PriorImages,
             prior: Prior, workers: int, dim: int) -> None:
    """Compute and store this rank's blocks."""
    rank, size = ranks.rank_and_size()
    batches = {block: batches_of(blocks.rows(block)) for block in todo}
    flat = [batch for block in todo for batch in batches[block]]
    title = None if rank else 'features'
    with closing(extract(prior, images, workers, title, flat,
                         size)) as features:
        for block in todo:
            parts = []
            for _ in batches[block]:
                parts.append(next(features).numpy())
                check_width(parts[-1], dim)
            width = max(part.shape[1] for part in parts)
            blocks.write(rank, block, np.concatenate([
                np.broadcast_to(part, (len(part), width)) for part in parts]))
