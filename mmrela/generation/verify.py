"""Compares a finished store with its prior, image by image."""
from __future__ import annotations

import numpy as np
import torch
from torch.nn.functional import cosine_similarity

from ..datasets.rela_target import RelaTargetDataset
from ..features.extract import PriorImages, batches_of, extract
from ..priors import Prior
from ..targets.store import TargetStore, TargetStoreError, hash_ids

LEAST = 0.99  # float16, and another batch or device, cost less than this


def verify_store(store: TargetStore, dataset: RelaTargetDataset,
                 prior: Prior, count: int, bgr: bool = False,
                 workers: int = 0) -> float:
    """Recompute some random targets of a store.

    Args:
        store: To verify.
        dataset: The images that it should be of.
        prior: The prior that should have made it.
        count: How many targets; all if there are fewer.
        bgr: Whether the data set loads BGR.
        workers: Processes that decode images.

    Returns:
        The smallest cosine of a stored and a recomputed target.

    Raises:
        TargetStoreError: images or prior are others, or that cosine is
            below :data:`LEAST`.
    """
    store.check(hash_ids(dataset.sample_ids()), len(dataset.dataset))
    for key, value in prior.fingerprint().items():
        if store.meta['prior'].get(key) != value:
            raise TargetStoreError(
                f'{store.directory} was made by a prior with another {key} '
                f'({store.meta["prior"].get(key)}, now {value}): pass the '
                "store's own --prior, --weights and --image-size")
    rows = np.setdiff1d(np.arange(len(store)), store.skipped)
    rows = np.random.default_rng().permutation(rows)[:count]
    batches = [rows[batch] for batch in batches_of(range(len(rows)))]
    images = PriorImages(dataset.dataset, prior, bgr)
    features = torch.cat(list(extract(
        prior, images, workers, 'verify', batches)))
    cosines = cosine_similarity(
        store.pca.transform(features), torch.from_numpy(store[rows]))
    worst = int(cosines.argmin())
    if not cosines[worst] >= LEAST:
        raise TargetStoreError(
            f'{store.directory} differs from what the prior gives now: the '
            f'target of sample {rows[worst]} has a cosine of '
            f'{cosines[worst]:.4f} to it, less than {LEAST}; remove the '
            'directory and run tools/gen_targets.py again')
    return float(cosines[worst])
