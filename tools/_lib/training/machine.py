"""What a machine has for each process of a training."""
from __future__ import annotations

import os
import resource
import sys

import torch


def peak_bytes() -> int:
    """The most memory that was taken: of the GPU, or by this process."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated()
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size if sys.platform == 'darwin' else 1024 * size


def cores() -> int:
    """CPU cores for each process on this machine."""
    processes = int(os.environ.get('LOCAL_WORLD_SIZE', 1))
    count = (len(os.sched_getaffinity(0))  # fewer, in a job of a cluster
             if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1)
    return max(count // processes, 1)
