"""RELA-D: from images to a target store (paper, section 4.1, app. L)."""
from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from .. import processes as ranks
from ..errors import UserError
from ..features.extract import BATCH_SIZE, extract
from ..features.forward import release
from ..features.images import PriorImages
from ..priors import JoinedPrior
from ..targets import BLOCK, Manifest, TargetStore, hash_ids
from ..targets.feature_blocks import FeatureBlocks
from ..targets.journal import seconds_of
from .asked import Asked
from .compute import Todo, compute
from .reduce import reduce


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
    return generate_each(
        [images], [directory], dim, normalize, dtype,
        None if features is None else [features], block)[0]


def generate_each(images: Sequence[PriorImages],
                  directories: Sequence[str | os.PathLike],
                  dim: int,
                  normalize: str | None = None,
                  dtype: str = 'float16',
                  features: Sequence[str | os.PathLike] | None = None,
                  block: int = BLOCK) -> list[TargetStore]:
    """Make stores of several priors in one pass over the images.

    Each image is read once. Features and stores are the same bytes as those
    of :func:`generate` for each prior, which may begin, go on or end what
    is done here.

    Args:
        images: The same ones, as each prior sees them.
        directories: Where the store of each goes.
        dim, normalize, dtype, block: Of all, see there.
        features: Where the features of each go, see there.

    Raises:
        TargetStoreError, UserError: see there, or two would write to the
            same place. Each store is looked at before any is begun.
    """
    outs = [*map(Path, directories)]
    places = [*map(Path, features or [out / 'features' for out in outs])]
    _check(images, outs, places, normalize)
    with ranks.one_sentence(), ExitStack() as locks:
        planned = ranks.from_first(
            lambda: _plan(images, dim, normalize, dtype))
        stores = [
            Asked(part, out, manifest,
                  FeatureBlocks(place, _pass_over(manifest, block)))
            for part, out, manifest, place in zip(
                images, outs, planned, places)]
        todo = ranks.from_first(
            lambda: [store.prepare(locks) for store in stores])
        _make([(store, blocks) for store, blocks in zip(stores, todo)
               if blocks is not None])
        return [TargetStore.open(out) for out in outs]


def _check(images: Sequence[PriorImages], directories: list[Path],
           features: list[Path], normalize: str | None) -> None:
    if normalize == 'standardize' and any(
            isinstance(part.prior, JoinedPrior) for part in images):
        raise UserError('--normalize standardize does not go with several '
                        'priors, whose features are whitened: take center or '
                        'whiten')
    for option, places in (('out', directories), ('features', features)):
        if len({place.resolve() for place in places}) < len(images):
            raise UserError(f'--{option} {", ".join(map(str, places))}: each '
                            'of several priors needs one of its own')
    for place in directories:
        if place.resolve() in {other.resolve() for other in features}:
            raise UserError(f'--out and --features are both {place}: name '
                            'another folder for one of them')


def _plan(images: Sequence[PriorImages], dim: int, normalize: str | None,
          dtype: str) -> list[Manifest]:
    ids = hash_ids(images[0].ids())
    return [Manifest(len(part.dataset), dim, dtype, ids,
                     prior=part.fingerprint(),
                     pca=dict(normalize=normalize or part.prior.normalize),
                     views=part.views)
            for part in images]


def _pass_over(planned: Manifest, block: int) -> dict:
    """Fingerprint of one pass over the images, flat."""
    prior = {f'prior {key}': value for key, value in planned.prior.items()}
    return dict(samples=planned.rows, ids=planned.ids, **prior,
                block=block, batch=BATCH_SIZE, dtype='float32')


def _make(todo: Todo) -> None:
    """Compute what the stores lack, then write them."""
    compute(todo)
    for store, _ in todo:
        release(store.images.prior)
    for store, _ in todo:
        ranks.from_first(partial(_reduce, store))


def _reduce(store: Asked) -> None:
    seconds = round(seconds_of(store.blocks.directory), 1)
    reduce(store.blocks, store.directory,
           replace(store.planned, feature_seconds=seconds),
           store.images.dataset, _widths(store.images, store.blocks))


def _widths(images: PriorImages,
            blocks: FeatureBlocks) -> tuple[int, ...] | None:
    """Of the features of several priors, by a look at one image."""
    if not isinstance(images.prior, JoinedPrior):
        return None
    row = next((block.rows[int(block.readable.argmax())] for block in blocks
                if block.readable.any()), None)
    if row is not None and images.prior.widths is None:
        next(extract(replace(images, skip=False), None, [[row]]))
    return images.prior.widths
