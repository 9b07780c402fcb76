"""How good the features are, without training a classifier."""
from __future__ import annotations

import time
from dataclasses import replace
from functools import partial

import torch
from mmengine.dist import all_gather_object
from mmengine.hooks import Hook, IterTimerHook
from mmengine.model import is_model_wrapper
from mmengine.registry import HOOKS
from mmengine.runner import Runner
from torch import Tensor, nn

from ...errors import UserError
from ...features.images import PriorImages
from ...features.labelled import LabelledImages
from ...measures.neighbours import knn_predict
from ...models.eval_mode import eval_mode
from ...models.features import features_of
from ...priors.own_backbone import as_prior


@HOOKS.register_module()
class OnlineKNNHook(Hook):
    """Scores the features by weighted kNN before the training and during it.

    The top-1 in per cent is logged as ``knn_top1``. Images are seen whole,
    in eval mode, by the features that RELA trains; the ranks share them.
    The training goes on as if nothing had happened: modes, BN statistics
    and random states stay what they are, and the seconds of a score are in
    no step's logged ``time``.

    Args:
        interval: Epochs from one score to the next; the last one always
            has a score, as has the model before its first step.
        by_epoch: Whether ``interval`` counts epochs, or else iterations
            (micro-batches under gradient accumulation).
        bank: Labelled data set that votes; default: the config's
            ``probe.train``.
        queries: Labelled data set to classify; default: ``probe.test``.
        k: Neighbours that vote.
        temperature: Of the votes' weights (Wu et al., arXiv:1805.01978).
        image_size: Side of the square to which images are resized and
            cropped, in pixels; ``None`` if all have one size.
        limit: At most so many images of the bank, evenly spaced. Each rank
            holds the features of all of them, (limit, d) float32; all of
            ImageNet's, at 2048 features, would be 10 GB.

    Raises:
        UserError: a data set is missing, unreadable or has no labels.
    """

    def __init__(self,
                 interval: int = 1,
                 by_epoch: bool = True,
                 bank: dict | None = None,
                 queries: dict | None = None,
                 k: int = 200,
                 temperature: float = 0.1,
                 image_size: int | None = None,
                 limit: int | None = None) -> None:
        if k < 1 or temperature <= 0:
            raise UserError('OnlineKNNHook: k and temperature must be '
                            f'positive, got {k} and {temperature}')
        self.interval, self.by_epoch = interval, by_epoch
        self.bank, self.queries = bank, queries
        self.k, self.temperature = k, temperature
        self.image_size, self.limit = image_size, limit

    def before_train(self, runner: Runner) -> None:
        probe = runner.cfg.get('probe', {})
        self._bank = LabelledImages(
            'OnlineKNNHook.bank (or probe.train)',
            self.bank or probe.get('train'), self.limit)
        self._queries = LabelledImages(
            'OnlineKNNHook.queries (or probe.test)',
            self.queries or probe.get('test'))
        if runner.iter == 0:
            self._log(runner, 0)

    def after_train_epoch(self, runner: Runner) -> None:
        if self.by_epoch and (
                self.every_n_epochs(runner, self.interval)
                or self.is_last_train_epoch(runner)):
            self._log(runner, runner.iter)

    def after_train_iter(self, runner: Runner, *_: object,
                         **__: object) -> None:
        if not self.by_epoch and (
                self.every_n_train_iters(runner, self.interval)
                or self.is_last_train_iter(runner)):
            self._log(runner, runner.iter + 1)
            for hook in runner.hooks:
                if isinstance(hook, IterTimerHook):
                    hook.t = time.time()  # the next step begins now

    def _log(self, runner: Runner, steps: int) -> None:
        top1 = self.score(runner)
        runner.logger.info(f'After {steps} steps, knn_top1 is {top1:.2f} %')
        runner.visualizer.add_scalars(
            dict(knn_top1=top1), step=steps,
            file_path=f'{runner.timestamp}.json')

    def score(self, runner: Runner) -> float:
        """Top-1 in per cent, the same on all ranks."""
        model = runner.model
        model = model.module if is_model_wrapper(model) else model
        device = next(model.parameters()).device
        prior = as_prior('the model in training', _Backbone(model),
                          self.image_size, runner.cfg)
        images = PriorImages(self._bank.dataset, prior,
                             runner.train_dataloader.num_workers)
        others = replace(images, dataset=self._queries.dataset)
        with eval_mode(model):
            parts = all_gather_object(list(self._bank.extract(images)))
            pairs = (pair for part in parts for pair in part)
            bank, labels = (torch.cat(x).to(device) for x in zip(*pairs))
            classes = int(labels.max()) + 1
            hits, mine = 0, list(self._queries.extract(others))
            if mine:  # a rank may have no share
                features, truth = (torch.cat(x).to(device) for x in zip(*mine))
                found = knn_predict(features, bank, labels, classes, self.k,
                                    self.temperature)
                hits = (found == truth).sum().item()
        return 100 * sum(all_gather_object(hits)) / len(self._queries)


class _Backbone(nn.Module):
    """A model's features, for a prior, which freezes its model."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        # No submodule.
        self.features = partial(features_of(type(model)), model)

    def forward(self, x: Tensor) -> Tensor:
        return self.features(x)
