"""Ranks that train without a GPU, for trials and tests."""
from __future__ import annotations

import os
from datetime import timedelta

import torch
from mmengine.config import ConfigDict
from mmengine.model import MMDistributedDataParallel, revert_sync_batchnorm
from mmengine.registry import MODEL_WRAPPERS

from ..meeting import join
from ..processes import read_slurm
from ..resolve import resolve


@MODEL_WRAPPERS.register_module()
class CPUDistributedDataParallel(MMDistributedDataParallel):
    """DDP for CPU ranks: no device index, and BN in place of SyncBN.

    mmengine 0.10.7 hands DDP a GPU index whatever the device, and DDP
    refuses SyncBN, which has no CPU kernel.
    """

    def __init__(self, module: torch.nn.Module, **kwargs) -> None:
        kwargs['device_ids'] = None
        super().__init__(revert_sync_batchnorm(module), **kwargs)


def init_cpu_ranks(cfg: ConfigDict) -> None:
    """Let several processes train without a GPU, for trials and tests.

    mmengine 0.10.7 calls ``torch.cuda.set_device`` for any launcher, so
    the process group is made here, with gloo, before it gets there.
    """
    if cfg.get('launcher', 'none') == 'none' or torch.cuda.is_available():
        return
    os.environ.setdefault('LOCAL_RANK', '0')
    if cfg.launcher == 'slurm':
        read_slurm()
    if not torch.distributed.is_initialized():
        join(timedelta(minutes=30))  # as PyTorch does
    wrapper = cfg.get('model_wrapper_cfg') or dict(
        broadcast_buffers=False,
        find_unused_parameters=cfg.get('find_unused_parameters', False))
    kind = resolve(wrapper.get('type', 'MMDistributedDataParallel'),
                   MODEL_WRAPPERS)
    if kind is MMDistributedDataParallel:
        wrapper['type'] = 'CPUDistributedDataParallel'
    cfg.model_wrapper_cfg = wrapper
