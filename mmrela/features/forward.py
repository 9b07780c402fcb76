"""A prior's model on one batch, and whether it can be trusted."""
from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor

from ..errors import UserError, said
from ..priors import Prior
from ..priors.base import check_features
from .stopwatch import Stopwatch

SAME = 1e-3  # kernels that round otherwise each time differ by less
# What a prior sees of n images, (n, 3, H, W) or (n, d); a list of several
# priors' of the same images.
Batch: TypeAlias = Tensor | list[Tensor]


def forward_of(prior: Prior, watch: Stopwatch) -> Callable[[Batch], Tensor]:
    """What the prior sees of n images to features (n, d) float32.

    Both are on the CPU.
    """
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    model = prior.model.to(device)
    if device == 'cuda':
        model.to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def forward(batch: Batch) -> Tensor:
        count = len(batch if isinstance(batch, Tensor) else batch[0])
        if device == 'cuda':
            batch = _to_gpu(batch)
            torch.cuda.synchronize()
            watch.lap('copy')
        try:
            with prior.autocast(device):
                features = model(batch)
        except UserError:
            raise
        except Exception as e:  # whatever a model says of strange input
            raise UserError(f'{prior.name} fails on images of {_sides(batch)} '
                            f'({said(e)}): pass another --image-size or '
                            ',size=S, or take another prior') from e
        return check_features(features, count, prior.name).float().cpu()

    return forward


def release(prior: Prior) -> None:
    """Give back the GPU's memory, which PCA or other jobs may want."""
    if torch.cuda.is_available():
        prior.model.cpu()
        torch.cuda.empty_cache()


def _to_gpu(batch: Batch) -> Batch:
    if not isinstance(batch, Tensor):
        return [_to_gpu(part) for part in batch]
    batch = batch.to('cuda', non_blocking=True)
    return batch.to(memory_format=torch.channels_last) if (
        batch.ndim == 4) else batch


def _sides(batch: Batch) -> str:
    """Such as ``32 x 32`` pixels, of each of several priors."""
    parts = [batch] if isinstance(batch, Tensor) else batch
    return ', '.join(' x '.join(map(str, part.shape[2:])) for part in parts)


def check_same(features: Tensor, batch: Batch, prior: Prior) -> None:
    """Refuse a prior that draws masks, or anything, as it looks."""
    again = forward_of(prior, Stopwatch())(batch)
    change = (features - again).norm(dim=1)
    if (change > SAME * features.norm(dim=1)).any():
        raise UserError(f'{prior.name} gives other features for the same '
                        'images each time, as if it drew something: take '
                        'another prior')
