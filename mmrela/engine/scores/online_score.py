"""What hooks that score a model in training have in common."""
from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

from mmengine.hooks import Hook, IterTimerHook
from mmengine.runner import Runner
from torch import Tensor, nn
from torch.utils.data import Dataset

from ...features.images import PriorImages
from ...models.features import features_of
from ...priors.own_backbone import as_prior
from .score_loop import ScoreLoop, require_scores


class OnlineScoreHook(Hook):
    """Scores the features before the training and during it.

    Scores are logged, and are the metrics of the runner's validation, where
    one falls on the same step. Images are seen whole, in eval mode, by the
    features that RELA trains; the ranks share them. The training goes on as
    if nothing had happened: modes, BN statistics and random states stay what
    they are, and the seconds of a score are in no step's logged ``time``.

    Args:
        interval: Epochs from one score to the next; ``None`` for
            ``train_cfg.val_interval``. The last step always has a score, as
            has the model before its first.
        by_epoch: Whether ``interval`` counts epochs, or else iterations
            (micro-batches under gradient accumulation).
        image_size: Side of the square to which images are resized and
            cropped, in pixels; ``None`` if all have one size.
    """

    def __init__(self, interval: int | None = None, by_epoch: bool = True,
                 image_size: int | None = None) -> None:
        self.interval, self.by_epoch = interval, by_epoch
        self.image_size = image_size
        self._last: tuple[int, dict[str, float]] = (-1, {})

    def names(self, runner: Runner) -> Sequence[str]:
        """The scores that there will be."""
        raise NotImplementedError

    def prepare(self, runner: Runner) -> None:
        """Get ready, before the first score."""
        raise NotImplementedError

    def scores(self, runner: Runner) -> dict[str, float]:
        """The scores by their names, the same on all ranks."""
        raise NotImplementedError

    def before_run(self, runner: Runner) -> None:
        ScoreLoop.join(runner, self)

    def before_train(self, runner: Runner) -> None:
        require_scores(runner)
        self.prepare(runner)
        if runner.iter == 0:
            self._log(runner, 0)

    def after_train_epoch(self, runner: Runner) -> None:
        if self.interval and self.by_epoch and (
                self.every_n_epochs(runner, self.interval)
                or self.is_last_train_epoch(runner)):
            self._log(runner, runner.iter)

    def after_train_iter(self, runner: Runner, *_: object,
                         **__: object) -> None:
        if self.interval and not self.by_epoch and (
                self.every_n_train_iters(runner, self.interval)
                or self.is_last_train_iter(runner)):
            self._log(runner, runner.iter + 1)
            for hook in runner.hooks:
                if isinstance(hook, IterTimerHook):
                    hook.t = time.time()  # the next step begins now

    def found(self, runner: Runner) -> dict[str, float]:
        """The scores at this very step, for a validation that falls on it."""
        if not self.interval:
            self._log(runner, runner.iter)
        step, scores = self._last
        return scores if step == runner.iter else {}

    def _log(self, runner: Runner, step: int) -> None:
        scores = self.scores(runner)
        self._last = step, scores
        said = ', '.join(f'{name} is {x:.2f}' for name, x in scores.items())
        runner.logger.info(f'After {step} steps, {said}')
        runner.visualizer.add_scalars(
            scores, step=step, file_path=f'{runner.timestamp}.json')

    def images(self, runner: Runner, model: nn.Module,
               dataset: Dataset) -> PriorImages:
        """Images as the model in training sees them."""
        prior = as_prior('the model in training', _Backbone(model),
                         self.image_size, runner.cfg)
        return PriorImages(dataset, prior, runner.train_dataloader.num_workers)


class _Backbone(nn.Module):
    """A model's features, for a prior, which freezes its model."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        # No submodule.
        self.features = partial(features_of(type(model)), model)

    def forward(self, x: Tensor) -> Tensor:
        return self.features(x)
