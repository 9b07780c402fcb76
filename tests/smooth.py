"""Random images without edges."""
from __future__ import annotations

import torch
import torch.nn.functional as F


def smooth_images(count: int, size: tuple[int, int],
                  seed: int = 0) -> torch.Tensor:
    """Random images without edges, (count, 3, H, W) uint8."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.randint(
        256, (count, 3, 4, 4), generator=generator, dtype=torch.uint8)
    return F.interpolate(coarse, size, mode='bilinear')
