"""A few real steps of one stage, and what they take."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.utils import get_ori_model
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from mmrela.engine.checks.trial import first_batches
from mmrela.features.stopwatch import Stopwatch

from .machine import cores, peak_bytes

STEPS = 3  # timed, after one with which everything starts


class EnoughError(Exception):
    """Ends the training."""


@dataclass
class Stage:
    """What a step of a stage takes.

    Attributes:
        load: Seconds that one process needs to load a batch.
        step: Seconds of all else.
        workers: That load at once; 0 if the steps wait for each batch.
        kept: Bytes that a step keeps for its backward pass; 0 if unknown.
        peak: Bytes at most, of the GPU or, without one, of the process.
        state: Bytes of the optimiser's state, by the parameters' names.
    """
    load: float = 0.
    step: float = 0.
    workers: int = 0
    kept: int = 0
    peak: int = 0
    state: dict[str, int] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """Of a step in the midst of a training."""
        if not self.workers:
            return self.load + self.step
        return max(self.load / self.workers, self.step)


class StepsHook(Hook):
    """Measures the first steps, then raises :class:`EnoughError`.

    Args:
        stage: Gets what was measured.
        lam: λ of the stage; ``None`` where the training has none.
    """

    priority = 'LOWEST'  # a step ends when all hooks have had it

    def __init__(self, stage: Stage, lam: int | None) -> None:
        self.stage, self.lam = stage, lam

    def before_train(self, runner: Runner) -> None:
        loader, self.watch = runner.train_dataloader, Stopwatch()
        self.stage.workers = min(loader.num_workers, cores())
        if loader.num_workers:  # which will load as much beside the steps
            batches = first_batches(
                loader, loader.batch_sampler.batch_size, self.lam, 1 + STEPS)
            for n, _ in enumerate(batches):
                self.watch.lap('load')
                if not n:
                    self.watch.restart()
            self.stage.load = self.watch.total / STEPS
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
        self.done, self.first = 0, ExitStack()
        self.watch.restart()

    def before_train_iter(self, runner: Runner, *_: object,
                          **__: object) -> None:
        self._lap('load')
        if not self.done and not runner.cfg.get('compile'):
            self.first.enter_context(kept_bytes(runner.model, self.stage))

    def after_train_iter(self, runner: Runner, *_: object,
                         **__: object) -> None:
        self.first.close()
        self._lap('step')
        self.done += 1
        if self.done == 1 < runner.max_iters:
            self.watch.restart()
        if self.done > STEPS and runner.optim_wrapper.should_update():
            self.after_train(runner)
            raise EnoughError

    def after_train(self, runner: Runner) -> None:
        """Take what was measured: a training may end before."""
        stage, timed = self.stage, max(self.done - 1, 1)
        stage.step = self.watch.seconds['step'] / timed
        if not runner.train_dataloader.num_workers:
            stage.load = self.watch.seconds['load'] / timed
        stage.peak = peak_bytes()
        stage.state = state_bytes(runner)

    def _lap(self, name: str) -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self.watch.lap(name)


@contextmanager
def kept_bytes(model: nn.Module, stage: Stage) -> Iterator[None]:
    """Add up what is kept for a backward pass, beside the model itself."""
    seen = {tensor.untyped_storage().data_ptr()
            for tensor in (*model.parameters(), *model.buffers())}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in seen:
            seen.add(storage.data_ptr())
            stage.kept += storage.nbytes()
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        yield


def state_bytes(runner: Runner) -> dict[str, int]:
    """The optimiser's state for each parameter that has one, by its name."""
    state = runner.optim_wrapper.optimizer.state
    return {name: sum(part.nbytes for part in state[parameter].values()
                      if isinstance(part, Tensor))
            for name, parameter in get_ori_model(
                runner.model).named_parameters() if parameter in state}
