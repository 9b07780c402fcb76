"""Makes an epoch depend on seed and number alone."""
from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import IterBasedTrainLoop, Runner
from torch.utils.data import DataLoader


@HOOKS.register_module()
class DeterminismHook(Hook):
    """Lets a resumed run repeat what the uninterrupted one would have done.

    mmengine stores no random state, and restores a checkpoint's seed after
    the sampler was built with another. So the sampler's seed goes into the
    checkpoint, and the main process (dropout, a host's own draws) is seeded
    anew at each epoch, or at each step where training goes by iterations
    and may resume anywhere. Views have seeds of their own, see
    :class:`RelaSampler`; a sampler without ``seed`` keeps what it has.

    Loaders get generators of their own: a loader draws its workers' seeds
    whenever it starts them, so with persistent workers in the first epoch
    alone, of the training or of its resume.
    """

    def before_train_epoch(self, runner: Runner) -> None:
        _seed_all(runner.seed, runner.epoch)
        _set_apart(runner.train_dataloader)
        # Of old the loader took one number: what hosts draw is as it was.
        torch.empty((), dtype=torch.int64).random_()

    def before_train_iter(self, runner: Runner, batch_idx: int,
                          data_batch: dict | None = None) -> None:
        if isinstance(runner.train_loop, IterBasedTrainLoop):
            _seed_all(runner.seed, runner.iter)

    def before_val_epoch(self, runner: Runner) -> None:
        _set_apart(runner.val_dataloader)

    def before_test_epoch(self, runner: Runner) -> None:
        _set_apart(runner.test_dataloader)

    def before_save_checkpoint(self, runner: Runner,
                               checkpoint: dict) -> None:
        seed = getattr(_sampler(runner), 'seed', None)
        if isinstance(seed, int):
            checkpoint['sampler_seed'] = seed

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        if runner._resume and 'sampler_seed' in checkpoint:
            _sampler(runner).seed = checkpoint['sampler_seed']


def _seed_all(*key: int) -> None:
    seed = int(np.random.SeedSequence(key).generate_state(1)[0])
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def _set_apart(loader: DataLoader) -> None:
    """Let a loader draw what it would, without anybody's noticing."""
    loader.generator = torch.Generator()
    loader.generator.set_state(torch.get_rng_state())


def _sampler(runner: Runner) -> Any:
    """What orders the samples, mmengine's, torch's or the user's."""
    batches = runner.train_dataloader.batch_sampler
    return getattr(batches, 'sampler', batches)
