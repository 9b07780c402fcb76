"""Compares a finished store with its prior, image by image."""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch.nn.functional import cosine_similarity

from ..features.extract import batches_of, extract
from ..features.images import PriorImages
from ..targets import TargetStore, TargetStoreError, hash_ids

LEAST = 0.99  # float16, and another batch or device, cost less than this


def verify_store(store: TargetStore, images: PriorImages,
                 count: int) -> float:
    """Recompute some random targets of a store.

    Args:
        store: To verify.
        images: Those that it should be of, as the prior sees them that
            should have made it.
        count: How many targets; all if there are fewer.

    Returns:
        The smallest cosine of a stored and a recomputed target.

    Raises:
        TargetStoreError: images or prior are others, or that cosine is
            below :data:`LEAST`.
        UserError: an image that the store does not skip is unreadable now.
    """
    samples = len(images.dataset)
    store.check(hash_ids(images.ids()), samples)
    if store.views != images.views:
        raise TargetStoreError(
            f'{store.directory} holds {store.views} views of each image, '
            f'--views says {images.views}: leave it out')
    made_by = store.manifest.prior
    for key, value in images.fingerprint().items():
        if made_by.get(key) != value:
            raise TargetStoreError(
                f'{store.directory} was made by a prior with another {key} '
                f'({made_by.get(key)}, now {value}): pass the '
                "store's own --prior, --weights and --image-size")
    rows = np.arange(len(images))
    rows = rows[~np.isin(rows % samples, store.skipped)]
    rows = np.random.default_rng().permutation(rows)[:count]
    batches = batches_of(rows.tolist())
    found = extract(replace(images, skip=False), 'verify', batches)
    features = torch.cat([some for some, _ in found])
    cosines = cosine_similarity(
        store.pca.transform(features), torch.from_numpy(store[rows]))
    worst = int(cosines.argmin())
    if not cosines[worst] >= LEAST:
        raise TargetStoreError(
            f'{store.directory} differs from what the prior gives now: the '
            f'target of {_told(rows[worst], images)} has a cosine of '
            f'{cosines[worst]:.4f} to it, less than {LEAST}; remove the '
            'directory and run tools/gen_targets.py again')
    return float(cosines[worst])


def _told(row: int, images: PriorImages) -> str:
    view, sample = divmod(row, len(images.dataset))
    return f'view {view} of ' * (images.views > 1) + f'sample {sample}'
