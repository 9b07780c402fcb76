"""Whether linear classifiers of two models' features say the same."""
from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from .regression import Ridge, halves


def disagreements(features: list[Tensor], labels: Tensor) -> Tensor:
    """Representation distances by the 0/1 loss (paper, definition 4).

    What a target model says of an image is the class that a linear
    classifier of its features gives it; the distance is the share of
    held-out images for which a linear map of the source says another.

    Args:
        features: Of the same n samples by each model, (n, d_i).
        labels: (n,) int64, which the targets' classifiers are fitted to.

    Returns:
        (models, models), float64: from the row's model to the column's.
    """
    classes = int(labels.max()) + 1
    found = torch.zeros(len(features), len(features), dtype=torch.float64)
    for fitted, tested in halves(len(labels)):
        ridges = [Ridge(some[fitted]) for some in features]
        said = [_classes(ridge, some, labels[fitted], classes)
                for ridge, some in zip(ridges, features)]
        for s, (ridge, source) in enumerate(zip(ridges, features)):
            for t, target in enumerate(said):
                hit = _classes(ridge, source[tested], target[fitted], classes)
                found[s, t] += (hit != target[tested]).double().mean() / 2
    return found


def _classes(ridge: Ridge, x: Tensor, fitted: Tensor, classes: int) -> Tensor:
    """Class of each row of ``x`` by a regression onto classes, one-hot."""
    return ridge.fit(one_hot(fitted, classes).double())(x).argmax(1)
