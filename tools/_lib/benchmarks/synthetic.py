"""All that is ours in a step, on as many images as ImageNet has."""
from __future__ import annotations

import resource
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.dataset import default_collate
from mmengine.logging import MessageHub
from mmpretrain.registry import TRANSFORMS
from torch.utils.data import DataLoader

from mmrela.datasets.rela_target import RelaTargetDataset
from mmrela.datasets.samplers.rela_sampler import RelaSampler
from mmrela.engine.hooks.adaptive_lambda import AdaptiveLambdaHook
from mmrela.targets import BLOCK, Manifest, hash_ids, write_store

PACK = dict(type='PackInputs')


@TRANSFORMS.register_module()
class LoadPixel(BaseTransform):
    """Reads nothing: what is left of a step is not the image's."""

    def transform(self, results: dict) -> dict:
        results['img'] = np.zeros((1, 1, 3), np.uint8)
        return results


def measure(folder: Path, images: int, dim: int, ranks: int, batch: int,
            steps: int) -> dict[str, float]:
    """Seconds and bytes of a training on paths without files.

    The ranks take turns, each with its share of the epoch's order.

    Args:
        folder: Where store and list go, 2 bytes × images × dim.
        images, dim: Of the store.
        ranks: How many share the images.
        batch: Images of a rank's step.
        steps: Of all ranks together.

    Returns:
        ``start`` (paths, ids and targets are read and compared), ``epoch``
        (till a rank has its first batch), seconds a step of the ``samples``
        (workers' time) and of ``hook`` and ``sampler`` (the training's
        own), and ``memory`` that all this took, in bytes.
    """
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    _write(folder, images, dim)
    start = time.process_time()
    dataset = _dataset(folder)
    dataset.check_targets(dim)
    found = dict(start=time.process_time() - start, epoch=0., samples=0.)
    for rank in range(ranks):
        sampler = _sampler(dataset, rank, ranks)
        begin = time.process_time()
        batches = iter(DataLoader(dataset, batch, sampler=sampler,
                                  collate_fn=default_collate))
        next(batches)
        found['epoch'] = max(found['epoch'], time.process_time() - begin)
        begin = time.process_time()
        for _ in range(steps // ranks):
            next(batches)
        found['samples'] += (time.process_time() - begin) / steps
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return found | dict(
        sampler=_stamping(sampler, batch, steps),
        hook=_hook(sampler, steps), memory=1024 * (peak - before))


def _write(folder: Path, images: int, dim: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    names = [f'train/n{i % 1000:08}/{i:08}.JPEG' for i in range(images)]
    (folder / 'list.txt').write_text('\n'.join(names))
    block = np.random.default_rng(0).normal(size=(BLOCK, dim))
    block = block.astype(np.float16)
    write_store(folder / 'store', (
        block[:images - row] for row in range(0, images, BLOCK)),
        Manifest(images, dim, ids=hash_ids(names)))


def _dataset(folder: Path) -> RelaTargetDataset:
    return RelaTargetDataset(
        'CustomDataset', str(folder / 'store'), [PACK], with_label=False,
        data_root=str(folder), ann_file=str(folder / 'list.txt'),
        pipeline=[dict(type='LoadPixel'), PACK])


def _sampler(dataset: RelaTargetDataset, rank: int,
             ranks: int) -> RelaSampler:
    sampler = RelaSampler(dataset, seed=0)
    for part in (sampler, sampler.order):
        part.rank, part.world_size = rank, ranks
    return sampler


def _stamping(sampler: RelaSampler, batch: int, steps: int) -> float:
    stamps = iter(sampler)
    next(stamps)
    count = min(batch * steps, len(sampler) - 1)
    begin = time.process_time()
    for _ in range(count):
        next(stamps)
    return (time.process_time() - begin) / count * batch


def _hook(sampler: RelaSampler, steps: int) -> float:
    hook: Any = AdaptiveLambdaHook()
    hook.schedule.begin(10**6)
    hook._loader = SimpleNamespace(sampler=sampler)
    runner = SimpleNamespace(
        iter=0, optim_wrapper=SimpleNamespace(should_update=lambda: True),
        message_hub=MessageHub.get_instance('scale'))
    begin = time.process_time()
    for _ in range(steps):
        hook.after_train_iter(
            runner, 0, {}, outputs=dict(rela_loss=torch.tensor(0.9)))
    return (time.process_time() - begin) / steps
