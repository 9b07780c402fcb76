"""How rich the features are, and how near to the prior's: without labels."""
from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from mmengine.dist import all_gather_object
from mmengine.registry import HOOKS
from mmengine.runner import Runner
from mmpretrain.utils import get_ori_model
from torch import Tensor

from ...datasets.rela_target import RelaTargetDataset
from ...errors import UserError
from ...features.extract import batches_of, extract, share
from ...features.images import PriorImages
from ...measures.regression import explained
from ...measures.spectra import lidar, rankme
from ...models.eval_mode import eval_mode
from ...pictures.rgb import loaders, loads_bgr
from ...resolve import pipelines
from .online_score import OnlineScoreHook
from .views import ViewImages, Views


@HOOKS.register_module()
class OnlineRankHook(OnlineScoreHook):
    """Scores the features of training images, which need no labels.

    ``rankme`` is :func:`~mmrela.measures.spectra.rankme`: how many
    directions the features fill. ``alignment`` is the share of the targets'
    variance, in per cent, that a linear map of the features predicts for
    images that it was not fitted to; it falls as the host's own stage leaves
    the prior behind. Without targets there is ``rankme`` alone. ``lidar``,
    where it is asked for, is :func:`~mmrela.measures.spectra.lidar`, of the
    host's views.

    Args:
        interval, by_epoch, image_size: See :class:`OnlineScoreHook`.
        limit: At most so many images, evenly spaced. Their features are in
            memory, (limit, d) float64; the rank cannot exceed their number.
        lidar_views: Views of each image for ``lidar``, each of which takes
            as long as ``rankme``; the paper has 50 of 1,000 images.

    Raises:
        UserError: the limit is below 4, or ``lidar_views`` is 1 or less.
    """

    def __init__(self,
                 interval: int | None = None,
                 by_epoch: bool = True,
                 image_size: int | None = None,
                 limit: int = 2048,
                 lidar_views: int | None = None) -> None:
        for key, given, least in (('limit', limit, 4),
                                  ('lidar_views', lidar_views, 2)):
            if given is not None and given < least:
                raise UserError(f'OnlineRankHook: {key} must be at least '
                                f'{least}, got {given}')
        super().__init__(interval, by_epoch, image_size)
        self.limit, self.lidar_views = limit, lidar_views

    def names(self, runner: Runner) -> list[str]:
        return ['rankme', *['alignment'] * _has_targets(runner),
                *['lidar'] * bool(self.lidar_views)]

    def prepare(self, runner: Runner) -> None:
        dataset = runner.train_dataloader.dataset
        total = len(dataset)
        # `num_batch_per_epoch` makes mmengine put a shorter one around it.
        dataset = getattr(dataset, '_dataset', dataset)
        rows = [*range(0, total, math.ceil(total / min(self.limit, total)))]
        self._targets = None
        if isinstance(dataset, RelaTargetDataset):
            rows = [dataset.among_all(row) for row in rows]
            if _has_targets(runner):
                self._targets = torch.from_numpy(dataset.store[rows])
            dataset = dataset.dataset
        self._dataset, self._rows = dataset, rows

    def scores(self, runner: Runner) -> dict[str, float]:
        model = get_ori_model(runner.model)
        images = self.images(runner, model, self._dataset)
        with eval_mode(model):
            features = _features(images, self._rows)
            found = dict(rankme=rankme(features))
            if self._targets is not None:
                found['alignment'] = 100 * explained(self._targets, features)
            if self.lidar_views:
                found['lidar'] = lidar(
                    self._of_views(runner, images, self.lidar_views))
        return found

    def _of_views(self, runner: Runner, images: PriorImages,
                  count: int) -> Tensor:
        """Features of each image's views, (n, count, d)."""
        entry = runner.cfg.train_dataloader.dataset
        views = Views(self._dataset, self._rows, count,
                      loads_bgr(loaders(next(pipelines(entry), []))))
        features = _features(
            ViewImages(views, images.prior, images.workers),
            range(len(views)))
        return features.unflatten(0, (-1, count))


def _features(images: PriorImages, rows: Sequence[int]) -> Tensor:
    """Those of some images, (n, d), which the ranks share."""
    mine = [features for features, _ in extract(
        images, title=None, batches=share(batches_of(rows)))]
    return torch.cat(
        [part for parts in all_gather_object(mine) for part in parts])


def _has_targets(runner: Runner) -> bool:
    targets = getattr(runner.train_dataloader.dataset, 'targets', None)
    return (Path(targets) / 'meta.json').is_file() if targets else False
