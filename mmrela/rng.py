"""Random numbers that depend on a seed alone, and disturb nobody else."""
from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch.utils.data import get_worker_info


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed `random`, numpy and torch's CPU generator.

    A loader's worker is left as it is, since each sample seeds anew; in
    the main process the former state comes back.
    """
    in_main = get_worker_info() is None
    if in_main:
        former = (random.getstate(), np.random.get_state(),
                  torch.get_rng_state())
    random.seed(seed)
    np.random.seed(seed)
    torch.default_generator.manual_seed(seed)
    try:
        yield
    finally:
        if in_main:
            random.setstate(former[0])
            np.random.set_state(former[1])
            torch.set_rng_state(former[2])


@contextmanager
def seeded_weights(seed: int = 0) -> Iterator[None]:
    """Draw the same weights each time, and leave the generators alone.

    ``torch.manual_seed`` would reseed the GPUs' generators for good.
    """
    state = torch.get_rng_state()
    torch.default_generator.manual_seed(seed)
    try:
        yield
    finally:
        torch.set_rng_state(state)
