"""How good the features are, without training a classifier."""
from __future__ import annotations

import torch
from mmengine.dist import all_gather_object
from mmengine.registry import HOOKS
from mmengine.runner import Runner
from mmpretrain.utils import get_ori_model
from torch import Tensor

from ...errors import UserError
from ...features.labelled import LabelledImages
from ...measures.classifier import ridge_votes
from ...measures.neighbours import knn_predict
from ...models.eval_mode import eval_mode
from .online_score import OnlineScoreHook


@HOOKS.register_module()
class OnlineKNNHook(OnlineScoreHook):
    """Scores the features by weighted kNN: ``knn_top1``, in per cent.

    Args:
        interval, by_epoch: See :class:`OnlineScoreHook`.
        bank: Labelled data set that votes; default: the config's
            ``probe.train``.
        queries: Labelled data set to classify; default: ``probe.test``.
        k: Neighbours that vote.
        temperature: Of the votes' weights (Wu et al., arXiv:1805.01978).
        image_size: See :class:`OnlineScoreHook`.
        limit: At most so many images of the bank, evenly spaced. Each rank
            holds the features of all of them, (limit, d) float32; all of
            ImageNet's, at 2048 features, would be 10 GB.
        linear: Whether to score a linear classifier as well,
            ``linear_top1``, the ridge regression of
            :func:`~mmrela.measures.classifier.ridge_votes` onto the bank's
            labels. Each rank solves it in float64: time grows with
            limit × d², memory holds four times the bank's features.

    Raises:
        UserError: a data set is missing, unreadable or has no labels.
    """

    def __init__(self,
                 interval: int | None = None,
                 by_epoch: bool = True,
                 bank: dict | None = None,
                 queries: dict | None = None,
                 k: int = 200,
                 temperature: float = 0.1,
                 image_size: int | None = None,
                 limit: int | None = None,
                 linear: bool = False) -> None:
        if k < 1 or temperature <= 0:
            raise UserError('OnlineKNNHook: k and temperature must be '
                            f'positive, got {k} and {temperature}')
        super().__init__(interval, by_epoch, image_size)
        self.bank, self.queries = bank, queries
        self.k, self.temperature = k, temperature
        self.limit, self.linear = limit, linear

    def names(self, runner: Runner) -> list[str]:
        return ['knn_top1', *['linear_top1'] * self.linear]

    def prepare(self, runner: Runner) -> None:
        probe = runner.cfg.get('probe', {})
        self._bank = LabelledImages(
            'OnlineKNNHook.bank (or probe.train)',
            self.bank or probe.get('train'), self.limit)
        self._queries = LabelledImages(
            'OnlineKNNHook.queries (or probe.test)',
            self.queries or probe.get('test'))

    def scores(self, runner: Runner) -> dict[str, float]:
        model = get_ori_model(runner.model)
        device = next(model.parameters()).device
        images, others = (self.images(runner, model, labelled.dataset)
                          for labelled in (self._bank, self._queries))
        with eval_mode(model):
            parts = all_gather_object(list(self._bank.extract(images)))
            pairs = (pair for part in parts for pair in part)
            bank, labels = (torch.cat(x).to(device) for x in zip(*pairs))
            hits = dict.fromkeys(self.names(runner), 0.)
            mine = list(self._queries.extract(others))
            if mine:  # a rank may have no share
                features, truth = (torch.cat(x).to(device) for x in zip(*mine))
                hits = {name: (found == truth).sum().item() for name, found
                        in self._classify(features, bank, labels).items()}
        ranks = all_gather_object(hits)
        return {name: 100 * sum(each[name] for each in ranks)
                / len(self._queries) for name in hits}

    def _classify(self, features: Tensor, bank: Tensor, labels: Tensor
                  ) -> dict[str, Tensor]:
        """Classes (n,) by each way to find them."""
        classes = int(labels.max()) + 1
        found = dict(knn_top1=knn_predict(
            features, bank, labels, classes, self.k, self.temperature))
        if self.linear:
            found['linear_top1'] = ridge_votes(
                features, bank, labels, classes).argmax(1)
        return found
