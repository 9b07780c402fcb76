"""Scores of features where mmengine has the metrics of a validation."""
from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from mmengine.hooks import CheckpointHook, EarlyStoppingHook, LoggerHook
from mmengine.registry import LOOPS
from mmengine.runner import BaseLoop, Runner
from torch.utils.data import DataLoader

from ...errors import UserError


class Scorer(Protocol):
    """What the loop asks of a hook."""

    def names(self, runner: Runner) -> Collection[str]:
        """The scores that there will be."""

    def found(self, runner: Runner) -> dict[str, float]:
        """Those of this very step, if there are any."""


@LOOPS.register_module()
class ScoreLoop(BaseLoop):
    """A validation loop that hands on what score hooks found at this step.

    So ``save_best``, early stopping, schedulers that wait for a plateau and
    ``train_cfg.val_interval`` work as after any validation.

    Args:
        runner: Whose hooks score, see
            :class:`~mmrela.engine.scores.online_score.OnlineScoreHook`.
    """

    def __init__(self, runner: Runner) -> None:
        super().__init__(runner, DataLoader(()))  # hooks look at it
        self.scorers: list[Scorer] = []

    @classmethod
    def join(cls, runner: Runner, scorer: Scorer) -> None:
        """Let a hook's scores be the runner's metrics.

        Raises:
            UserError: the config has a validation already.
        """
        loop = runner.val_loop
        if loop is None:
            loop = runner._val_loop = cls(runner)
        elif not isinstance(loop, cls):
            raise UserError(
                f"{type(scorer).__name__}'s scores are the validation: remove "
                'val_cfg, val_dataloader and val_evaluator')
        loop.scorers.append(scorer)

    def names(self) -> set[str]:
        """All scores that there will be."""
        return {name for scorer in self.scorers
                for name in scorer.names(self.runner)}

    def run(self) -> dict[str, float]:
        """Hand on the scores of this step, if there are any."""
        metrics: dict[str, float] = {}
        for scorer in self.scorers:
            metrics.update(scorer.found(self.runner))
        if metrics:
            # The scores are logged, by steps; mmengine would say epochs.
            hooks = [hook for hook in self.runner.hooks
                     if not isinstance(hook, LoggerHook)]
            for hook in hooks:
                hook.before_val_epoch(self.runner)
            for hook in hooks:
                hook.after_val_epoch(self.runner, metrics)
        return metrics


def require_scores(runner: Runner) -> None:
    """Make sure that what hooks wait for will come.

    mmengine says nothing where it never does.

    Raises:
        UserError: names the key.
    """
    loop = runner.val_loop
    if loop is not None and not isinstance(loop, ScoreLoop):
        return
    known = loop.names() if loop else set()
    for hook in runner.hooks:
        for key, name in _wanted(hook):
            if name not in known | ({'auto'} if known else set()):
                raise UserError(
                    f"{key}='{name}': no hook makes that score"
                    + (f', but {", ".join(sorted(known))}' if known else
                       '; add default_hooks.knn=dict(type='
                       "'OnlineKNNHook') for knn_top1, or OnlineRankHook, "
                       'which needs no labels'))


def _wanted(hook: object) -> list[tuple[str, str]]:
    if isinstance(hook, CheckpointHook):
        return [('CheckpointHook.save_best', name)
                for name in hook.save_best or ()]
    if isinstance(hook, EarlyStoppingHook):
        return [('EarlyStoppingHook.monitor', hook.monitor)]
    return []
