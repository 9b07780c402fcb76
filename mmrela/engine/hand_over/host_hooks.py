"""The host's hooks, which see the host's steps alone."""
from __future__ import annotations

from collections.abc import Callable

from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS

from ...models.stage import is_rela
from ...resolve import resolve

EVENTS = ('before_train', 'before_train_epoch', 'before_train_iter',
          'after_train_iter', 'after_train_epoch')
COUNTS = ('iter', 'epoch', 'max_iters', 'max_epochs')
OURS = ('mmengine', 'mmrela')  # whose hooks count the run's steps
Counts = Callable[[Runner], dict[str, int]]


def hosts_hooks(runner: Runner) -> list[Hook]:
    """Those of ``custom_hooks``, but for mmengine's and mmrela's."""
    kinds = {resolve(entry['type'], HOOKS) if isinstance(entry, dict)
             else type(entry) for entry in
             runner.cfg.get('custom_hooks') or ()}
    return [hook for hook in runner.hooks if type(hook) in kinds
            and type(hook).__module__.split('.')[0] not in OURS]


def put_on_host_time(runner: Runner, counts: Counts) -> None:
    """Let the host's hooks read its own counts, and prepare its own steps.

    Args:
        runner: Its hooks are changed.
        counts: The host's ``COUNTS``, by the runner.
    """
    for hook in hosts_hooks(runner):
        for event in EVENTS:
            setattr(hook, event, _on_host_time(hook, event, counts))


def _on_host_time(hook: Hook, event: str, counts: Counts) -> Callable:
    method = getattr(hook, event)

    def call(runner: Runner, *args, **kwargs) -> None:
        # What freezes layers for the host's first steps would do so before
        # DDP knows them as trainable. Averages of weights (EMAHook) follow
        # RELA's steps, too.
        if event != 'before_train_iter' or not is_rela(
                kwargs['data_batch'].get('data_samples')):
            method(_HostRunner(runner, counts), *args, **kwargs)
    return call


class _HostRunner:
    """A runner as the host's hooks see it."""

    _runner: Runner
    _counts: Counts

    def __init__(self, runner: Runner, counts: Counts) -> None:
        vars(self).update(_runner=runner, _counts=counts)

    def __getattr__(self, name: str) -> object:
        if name in COUNTS:  # now: a hook may keep its runner
            return self._counts(self._runner)[name]
        return getattr(self._runner, name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._runner, name, value)
