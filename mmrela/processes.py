"""The processes that torchrun or srun started for one job; else one."""
from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

import torch
from torch import distributed

from .errors import UserError
from .meeting import join

T = TypeVar('T')


def start(launcher: str) -> None:
    """Meet the other ranks (``pytorch``, ``slurm``), or be alone (``none``).

    They exchange small messages only, so gloo does with GPUs as well.

    Raises:
        UserError: torchrun or srun did not start this process, or started
            it beside others that it would not meet; some have not come.
    """
    if launcher == 'none':
        if int(os.environ.get('WORLD_SIZE', 1)) > 1:
            raise UserError('torchrun started several processes, which would '
                            'all do the same: add --launcher pytorch')
        return
    if launcher == 'slurm':
        read_slurm()
    join(timedelta(days=30))  # the others may wait for the first one's PCA
    if torch.cuda.is_available():
        local = int(os.environ.get('LOCAL_RANK', 0))
        torch.cuda.set_device(local % torch.cuda.device_count())


def read_slurm() -> None:
    """Set the variables by which torchrun's processes meet.

    The first node of the job is the meeting point, at port 29500, unless
    ``MASTER_ADDR`` and ``MASTER_PORT`` say otherwise.

    Raises:
        UserError: srun did not start this process.
    """
    try:
        os.environ.update(
            RANK=os.environ['SLURM_PROCID'],
            WORLD_SIZE=os.environ['SLURM_NTASKS'],
            LOCAL_RANK=os.environ.get('SLURM_LOCALID', '0'))
        os.environ.setdefault('MASTER_PORT', '29500')
        if 'MASTER_ADDR' not in os.environ:
            os.environ['MASTER_ADDR'] = subprocess.check_output(
                ['scontrol', 'show', 'hostnames',
                 os.environ['SLURM_NODELIST']], text=True).split()[0]
    except (KeyError, OSError, subprocess.CalledProcessError) as e:
        raise UserError('--launcher slurm is for processes that srun starts '
                        f'({type(e).__name__}: {e})') from e


def rank_and_size() -> tuple[int, int]:
    """Which process this is, and how many there are."""
    if not distributed.is_initialized():
        return 0, 1
    return distributed.get_rank(), distributed.get_world_size()


def from_first(make: Callable[[], T]) -> T:
    """What ``make`` returns on rank 0, on all ranks.

    Raises:
        UserError: another rank has died.
    """
    rank, size = rank_and_size()
    box: list = [make() if rank == 0 else None]
    if size > 1:
        with _alive():
            distributed.broadcast_object_list(box)
    return box[0]


def to_first(mine: T) -> list[T] | None:
    """What each rank has, in their order, on rank 0; ``None`` on others.

    Raises:
        UserError: another rank has died.
    """
    rank, size = rank_and_size()
    if size == 1:
        return [mine]
    found: list | None = None if rank else [None] * size
    with _alive():
        distributed.gather_object(mine, found)
    return found


def wait() -> None:
    """Wait for all ranks.

    Raises:
        UserError: another rank has died.
    """
    if rank_and_size()[1] > 1:
        with _alive():
            distributed.barrier()


@contextmanager
def _alive() -> Iterator[None]:
    try:
        yield
    except RuntimeError as e:
        raise UserError(f'rank {rank_and_size()[0]} stops, since another '
                        'rank has failed') from e


@contextmanager
def one_sentence() -> Iterator[None]:
    """Say in one sentence what fails in one of several ranks.

    Their tracebacks would mix; alone, a process shows its own.

    Raises:
        UserError: the block failed in one of several ranks; says in which,
            and by what. A ``UserError`` of the block passes as it is.
    """
    rank, size = rank_and_size()
    try:
        yield
    except UserError:
        raise
    except Exception as e:
        if size == 1:
            raise
        raise UserError(f'rank {rank} has failed ({type(e).__name__}: {e}); '
                        'one process without --launcher would show where'
                        ) from e
