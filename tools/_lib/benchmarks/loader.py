"""Loading alone: mmpretrain's views one by one, ours a batch at a time."""
from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import chain, repeat
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.runner import Runner
from mmengine.utils.dl_utils import set_multi_processing
from mmpretrain.registry import DATASETS
from torch.utils.data import Dataset

from mmrela.errors import UserError

from .plan import Plan, Ratio
from .variants import on_cpu, on_device, with_noise

STAGES = {'weak views': 1, "host's views": 0}


def plan(cfg: Config, folder: Path) -> Plan:
    """Batches of both stages on either path, by one core without workers.

    Args:
        cfg: A leaf whose images all have one size.
        folder: Where random targets go.
    """
    torch.set_num_threads(1)
    set_multi_processing(**cfg.env_cfg.get('mp_cfg', {}))
    cfg, cases = with_noise(cfg, folder / 'targets'), {}
    for path, variant in (('mmpretrain', on_cpu(cfg)),
                          ('batched', on_device(cfg))):
        dataset = DATASETS.build(variant.train_dataloader.dataset)
        for stage, lam in STAGES.items():
            cases[f'{stage}, {path}'] = partial(
                next, batches(variant, dataset, lam))
    ratios = [Ratio(f'batched / mmpretrain in images/s, {stage}',
                    f'{stage}, mmpretrain', f'{stage}, batched')
              for stage in STAGES]
    return Plan(f'Batches of {cfg.filename}, images/s per core', cases,
                ratios, cfg.train_dataloader.batch_size)


def batches(cfg: Config, dataset: Dataset, lam: int) -> Iterator[dict]:
    """Whole batches of one stage without end, as a Runner's loader gives.

    Raises:
        UserError: there are not enough images for one batch.
    """
    settings = dict(
        cfg.train_dataloader, dataset=dataset, num_workers=0, drop_last=True,
        persistent_workers=False, pin_memory=False)
    settings.pop('prefetch_factor', None)
    loader = Runner.build_dataloader(settings, seed=0)
    if not len(loader):
        raise UserError(f'{len(dataset)} images make no batch: set '
                        'train_dataloader.batch_size to less')
    loader.batch_sampler.sampler.start(lam)
    return chain.from_iterable(repeat(loader))
