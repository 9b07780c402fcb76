"""Features of all images at once, which several ranks share."""
from __future__ import annotations

import math
from itertools import chain, islice

import torch
from torch import Tensor

from .. import processes
from ..errors import UserError
from .extract import batches_of, extract, share
from .images import PriorImages

ROUND = 8  # batches that a rank sends at once: all of them would need as much
# memory again on each rank, and three times as much on the first one


def everything(images: PriorImages) -> tuple[Tensor, list[int]] | None:
    """Features of all images that can be read, and which these are.

    Returns:
        (n, d) float32 and n indices, on the first of several ranks, which
        share the work; ``None`` on the others.

    Raises:
        UserError: none can be read; as
            :func:`~mmrela.features.extract.extract`.
    """
    rank, size = processes.rank_and_size()
    batches = batches_of(range(len(images)))
    mine = share(batches)
    parts = zip(extract(images, None if rank else 'features', mine, size),
                mine)
    whole, seen = None, torch.zeros(len(images), dtype=torch.bool)
    for _ in range(math.ceil(len(batches) / size / ROUND)):
        found = [(features, torch.tensor([*batch])[readable])
                 for (features, readable), batch in islice(parts, ROUND)
                 if readable.any()]
        for features, rows in chain(*processes.to_first(found) or ()):
            if whole is None:
                whole = torch.empty(len(images), features.shape[1])
            whole[rows], seen[rows] = features, True
    if rank:
        return None
    if whole is None:
        raise UserError('none of the images can be read')
    return (whole if seen.all() else whole[seen],
            seen.nonzero().flatten().tolist())
