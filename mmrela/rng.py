"""Random numbers that depend on a seed alone, and disturb nobody else."""
from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext

import numpy as np
import torch
from torch.utils.data import get_worker_info


@contextmanager
def undisturbed(gpus: Sequence[int] = ()) -> Iterator[None]:
    """Put back what the block draws from `random`, numpy and torch.

    Args:
        gpus: Whose generators are put back, too; the CPU's always is.
    """
    former = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(gpus):
        try:
            yield
        finally:
            random.setstate(former[0])
            np.random.set_state(former[1])


@contextmanager
def seeded(seed: int = 0) -> Iterator[None]:
    """Seed `random`, numpy and torch's CPU generator for a while.

    A loader's worker is left as it is, since each sample seeds anew.
    """
    in_worker = get_worker_info() is not None
    with nullcontext() if in_worker else undisturbed():
        random.seed(seed)
        np.random.seed(seed % 2**32)  # it takes no more
        # `torch.manual_seed` would reseed the GPUs' for good.
        torch.default_generator.manual_seed(seed)
        yield


def seed_of(*key: int) -> int:
    """A seed of 64 bits for these numbers, such as (seed, epoch, stream)."""
    return int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0])


def generator_of(*key: int) -> torch.Generator:
    """Random numbers for them: those of other keys do not overlap."""
    return torch.Generator().manual_seed(seed_of(*key))
