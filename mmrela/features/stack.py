"""What priors see of some samples, as their batches."""
from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..errors import UserError
from ..priors.base import Seen
from .forward import Batch


def stack_each(samples: list[list]) -> list[tuple[Batch | None, Tensor]]:
    """For each prior what it sees of some samples, as :func:`_stack`."""
    return [_stack(column) for column in zip(*samples)]


def _stack(batch: Sequence[Seen | None]) -> tuple[Batch | None, Tensor]:
    """What can be read, stacked, and which images these are, (n,) bool."""
    readable = torch.tensor([image is not None for image in batch])
    images = [image for image in batch if image is not None]
    if images and isinstance(images[0], tuple):
        return [_stack_one(part) for part in zip(*images)], readable
    return _stack_one(images) if images else None, readable


def _stack_one(images: Sequence[Tensor]) -> Tensor:
    if len({image.shape for image in images}) > 1:
        raise UserError('images differ in size: set one, by --image-size, '
                        ",size=S or a hook's image_size")
    return torch.stack([*images])
