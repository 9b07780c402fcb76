"""Features of some images, and how long they take."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from .extract import BATCH_SIZE, extract
from .images import PriorImages
from .stopwatch import Stopwatch


def measure(images: PriorImages, batches: Sequence[Sequence[int]],
            title: str, watch: Stopwatch) -> tuple[Tensor, float]:
    """Features of some images, (n, d), and images per second.

    The first batch, with which everything starts, is timed only if it is
    the only one.

    Args:
        images: What the prior sees.
        batches: Indices of each batch.
        title: Of the progress bar.
        watch: Gets the times.
    """
    parts, timed = [], 0
    for part, _ in extract(images, title, batches, watch=watch):
        parts.append(part)
        timed += len(part)
        if len(parts) == 1 and len(batches) > 1:
            watch.restart()
            timed = 0
    return torch.cat(parts), timed / watch.total


def spread(count: int, wanted: int, size: int = BATCH_SIZE
           ) -> list[list[int]]:
    """Indices of each batch, spread evenly over a data set.

    Args:
        count: Images of the data set.
        wanted: Images of all batches together, at most.
        size: Images of each batch, at most.
    """
    rows = np.linspace(0, count - 1, min(count, wanted)).astype(int).tolist()
    return [rows[i:i + size] for i in range(0, len(rows), size)]
