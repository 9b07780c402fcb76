"""Ranks as forks of this process: they need no second import of torch."""
from __future__ import annotations

import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable

import pytest
import torch

from mmrela import processes as ranks
from mmrela.errors import UserError


def free_port() -> int:
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def _child(work: Callable[[int], None], rank: int, size: int, port: int,
           said: int) -> None:
    os.dup2(said, 2)
    sys.stderr = os.fdopen(2, 'w', buffering=1)
    os.environ.update(RANK=str(rank), WORLD_SIZE=str(size), LOCAL_RANK='0',
                      MASTER_ADDR='127.0.0.1', MASTER_PORT=str(port))
    code = 1
    try:
        ranks.start('pytorch' if size > 1 else 'none')
        work(rank)
        code = 0
    except UserError as e:
        print(f'error: {e}', file=sys.stderr)
        code = 2
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def run_ranks(work: Callable[[int], None], size: int, tmp_path,
              kill_after: float | None = None) -> tuple[list[int], list[str]]:
    """Call ``work(rank)`` in ``size`` forks.

    Args:
        work: What to do; :func:`mmrela.processes.start` was called.
        size: Ranks.
        tmp_path: Where what they print is kept.
        kill_after: SIGKILL all of them after so many seconds.

    Returns:
        Their exit codes, and what each printed to stderr.
    """
    if torch.cuda.is_initialized():
        pytest.skip('CUDA cannot be used in forks of a process that used it')
    port, children, files = free_port(), [], []
    for rank in range(size):
        files.append(tmp_path / f'stderr-{rank}')
        with open(files[-1], 'wb') as said:
            child = os.fork()
            if child == 0:
                _child(work, rank, size, port, said.fileno())
            children.append(child)
    if kill_after is not None:
        time.sleep(kill_after)
        for child in children:
            os.kill(child, signal.SIGKILL)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
             for child in children]
    return codes, [file.read_text() for file in files]
