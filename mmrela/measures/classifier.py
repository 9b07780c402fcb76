"""What a linear classifier in closed form makes of features."""
from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from .regression import Ridge, halves


def ridge_votes(features: Tensor, bank: Tensor, labels: Tensor,
                classes: int) -> Tensor:
    """A linear classifier in closed form: :class:`Ridge` onto one-hot labels.

    It has nothing to set, so it suits few labels and many.

    Args:
        features: Of the images in question, (n, d).
        bank: Of the images whose class is known, (N, d).
        labels: Their classes, (N,) int64.
        classes: How many classes there are.

    Returns:
        (n, classes) float64, the more the likelier.
    """
    one_hot = F.one_hot(labels, classes).double()
    return Ridge(bank).fit(one_hot)(features)


def linear_score(features: Tensor, labels: Tensor) -> float:
    """Held-out accuracy, in per cent, of a regression onto one-hot labels.

    Args:
        features: (n, d).
        labels: (n,) int64.
    """
    classes = int(labels.max()) + 1
    hits = 0
    for fitted, tested in halves(len(features)):
        found = ridge_votes(
            features[tested], features[fitted], labels[fitted], classes)
        hits += int((found.argmax(1) == labels[tested]).sum())
    return 100 * hits / len(features)
