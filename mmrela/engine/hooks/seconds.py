"""Where the seconds of an epoch go."""
from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable
from typing import TypeAlias

import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner

Mark: TypeAlias = float | torch.cuda.Event


@HOOKS.register_module()
class SecondsHook(Hook):
    """Logs one line at the end of an epoch: what its steps were spent on.

    That is waiting for batches; the loss, copies to the device included;
    gradients and optimiser; and the rest, λ and all other hooks. On GPUs
    events tell the middle two, so that nothing waits for the device; there
    the rest holds mmengine's own wait for each loss.
    """

    priority = 'VERY_LOW'  # a step ends when all hooks have had it

    def before_train(self, runner: Runner) -> None:
        wrapper = runner.optim_wrapper
        marked = self._marked(wrapper.update_params)
        if runner.cfg.get('compile'):  # no clock for dynamo to guard
            marked = torch.compiler.disable(marked)
        wrapper.update_params = marked

    def before_train_epoch(self, runner: Runner) -> None:
        self._spent: defaultdict[str, float] = defaultdict(float)
        self._pending: deque[list[Mark]] = deque()
        self._first = self._ended = time.perf_counter()

    def before_train_iter(self, runner: Runner, *_: object,
                          **__: object) -> None:
        self._spent['data'] += time.perf_counter() - self._ended
        self._marks = [_now()]

    def _marked(self, update: Callable) -> Callable:
        def call(*args, **kwargs) -> None:
            self._marks.append(_now())
            update(*args, **kwargs)
            self._marks.append(_now())
        return call

    def after_train_iter(self, runner: Runner, *_: object,
                         **__: object) -> None:
        self._pending.append(self._marks)
        while self._pending and _passed(self._pending[0][-1]):
            self._take(self._pending.popleft())
        self._ended = time.perf_counter()

    def _take(self, marks: list[Mark]) -> None:
        start, *updates = marks
        self._spent['forward'] += _between(start, updates[0])
        self._spent['backward'] += _between(updates[0], updates[-1])

    def after_train_epoch(self, runner: Runner) -> None:
        for marks in self._pending:
            if not isinstance(marks[-1], float):
                marks[-1].synchronize()
            self._take(marks)
        whole = self._ended - self._first
        rest = whole - sum(self._spent.values())
        spent = {**self._spent, 'λ and other hooks': rest}
        parts = ', '.join(f'{name} {s:.1f}' for name, s in spent.items())
        runner.logger.info(f'Epoch {runner.epoch + 1} took {whole:.1f} s: '
                           f'{parts}')


def _now() -> Mark:
    if not torch.cuda.is_available():
        return time.perf_counter()
    event = torch.cuda.Event(enable_timing=True)
    event.record()
    return event


def _passed(mark: Mark) -> bool:
    return isinstance(mark, float) or mark.query()


def _between(first: Mark, last: Mark) -> float:
    return last - first if isinstance(
        first, float) else first.elapsed_time(last) / 1000
