"""Features of all images at once, which several ranks share."""
from __future__ import annotations

import torch
from torch import Tensor

from .. import processes
from ..errors import UserError
from .extract import batches_of, extract, share
from .images import PriorImages


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
    mine = share(batches_of(range(len(images))))
    parts = extract(images, None if rank else 'features', mine, size)
    found = [(features, torch.tensor([*batch])[readable])
             for (features, readable), batch in zip(parts, mine)
             if readable.any()]
    gathered = processes.to_first(found)
    if gathered is None:
        return None
    pairs = [pair for part in gathered for pair in part]
    if not pairs:
        raise UserError('none of the images can be read')
    features, rows = map(torch.cat, zip(*pairs))
    return features, rows.tolist()
