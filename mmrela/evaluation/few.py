"""Scores by the labels of a few images of each class."""
from __future__ import annotations

from collections.abc import Sequence
from statistics import mean, stdev

import torch
from torch import Tensor

from ..errors import UserError
from ..measures.classifier import ridge_votes
from ..measures.neighbours import knn_votes, top
from .labelled import Labelled

DRAWS = 5


def few_labels(amounts: Sequence[float], train: Labelled, test: Labelled,
               seed: int, neighbours: int) -> list[dict]:
    """Top-1 of a ridge regression and of kNN, over several draws.

    Adam's epochs, which suit all labels, are too few for a hundredth of
    them; the regression's penalty is chosen for each draw instead.

    Args:
        amounts: See :func:`draw`.
        train: Features (N, d) and labels (N,) to draw from.
        test: Features and labels to score on.
        seed: Of the draws, which are the same for each network.
        neighbours: That vote in kNN.

    Returns:
        For each amount the ``images`` of a draw, mean and standard deviation
        of ``ridge_top1`` and ``knn_top1`` in per cent.
    """
    found = []
    for amount in amounts:
        draws = [draw(train[1], amount, DRAWS * seed + number)
                 for number in range(DRAWS)]
        scores = [_scores(train, rows, test, neighbours) for rows in draws]
        found.append(dict(labels=amount, images=len(draws[0]), **{
            name: [round(f(score[name] for score in scores), 2)
                   for f in (mean, stdev)] for name in scores[0]}))
    return found


def require_amounts(amounts: Sequence[float]) -> None:
    """Refuse what :func:`draw` cannot do.

    Raises:
        UserError: names the first such amount.
    """
    for amount in amounts:
        if not (0 < amount < 1 or amount >= 1 and amount % 1 == 0):
            raise UserError(f'--labels {amount} is neither a share below 1 '
                            'nor a whole number of images')


def draw(labels: Tensor, amount: float, seed: int) -> Tensor:
    """Rows of some images of each class, at least one of each.

    Args:
        labels: Of all images, (N,) int64.
        amount: A share of each class if below 1, else a number of images.
        seed: Of the draw.
    """
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for label in labels.unique():
        rows = (labels == label).nonzero()[:, 0]
        count = round(amount * len(rows)) if amount < 1 else int(amount)
        order = torch.randperm(len(rows), generator=generator)
        chosen.append(rows[order[:max(1, count)]])
    return torch.cat(chosen)


def _scores(train: Labelled, rows: Tensor, test: Labelled, neighbours: int
            ) -> dict[str, float]:
    bank, labels = (each[rows] for each in train)
    features, truth = test
    classes = int(labels.max()) + 1
    return dict(
        ridge_top1=top(ridge_votes(features, bank, labels, classes), truth, 1),
        knn_top1=top(knn_votes(features, bank, labels, classes, neighbours),
                     truth, 1))
