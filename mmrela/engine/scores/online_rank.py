"""How rich the features are, and how near to the prior's: without labels."""
from __future__ import annotations

import math
from pathlib import Path

import torch
from mmengine.dist import all_gather_object
from mmengine.registry import HOOKS
from mmengine.runner import Runner
from mmpretrain.utils import get_ori_model

from ...datasets.rela_target import RelaTargetDataset
from ...errors import UserError
from ...features.extract import batches_of, extract, share
from ...measures.regression import explained
from ...measures.spectra import rankme
from ...models.eval_mode import eval_mode
from .online_score import OnlineScoreHook


@HOOKS.register_module()
class OnlineRankHook(OnlineScoreHook):
    """Scores the features of training images, which need no labels.

    ``rankme`` is :func:`~mmrela.measures.spectra.rankme`: how many
    directions the features fill. ``alignment`` is the share of the targets'
    variance, in per cent, that a linear map of the features predicts for
    images that it was not fitted to; it falls as the host's own stage leaves
    the prior behind. Without targets there is ``rankme`` alone.

    Args:
        interval, by_epoch, image_size: See :class:`OnlineScoreHook`.
        limit: At most so many images, evenly spaced. Their features are in
            memory, (limit, d) float64; the rank cannot exceed their number.

    Raises:
        UserError: the limit is below 4.
    """

    def __init__(self,
                 interval: int | None = None,
                 by_epoch: bool = True,
                 image_size: int | None = None,
                 limit: int = 2048) -> None:
        if limit < 4:
            raise UserError('OnlineRankHook: limit must be at least 4, got '
                            f'{limit}')
        super().__init__(interval, by_epoch, image_size)
        self.limit = limit

    def names(self, runner: Runner) -> list[str]:
        return ['rankme', *['alignment'] * _has_targets(runner)]

    def prepare(self, runner: Runner) -> None:
        dataset = runner.train_dataloader.dataset
        total = len(dataset)
        rows = [*range(0, total, math.ceil(total / min(self.limit, total)))]
        self._targets = None
        if isinstance(dataset, RelaTargetDataset):
            rows = [dataset.among_all(row) for row in rows]
            if _has_targets(runner):
                self._targets = torch.from_numpy(dataset.store[rows])
            dataset = dataset.dataset
        self._dataset, self._batches = dataset, batches_of(rows)

    def scores(self, runner: Runner) -> dict[str, float]:
        model = get_ori_model(runner.model)
        images = self.images(runner, model, self._dataset)
        with eval_mode(model):
            mine = [features for features, _ in extract(
                images, title=None, batches=share(self._batches))]
        features = torch.cat(
            [part for parts in all_gather_object(mine) for part in parts])
        found = dict(rankme=rankme(features))
        if self._targets is not None:
            found['alignment'] = 100 * explained(self._targets, features)
        return found


def _has_targets(runner: Runner) -> bool:
    targets = getattr(runner.train_dataloader.dataset, 'targets', None)
    return (Path(targets) / 'meta.json').is_file() if targets else False
