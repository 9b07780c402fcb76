"""Nearest neighbours by cosine similarity."""
from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

CHUNK = 128  # queries at a time: CHUNK × N similarities are in memory


def knn_predict(features: Tensor,
                bank: Tensor,
                labels: Tensor,
                classes: int,
                k: int = 200,
                temperature: float = 0.1) -> Tensor:
    """Predict classes by a vote of the most similar images.

    Each of the ``k`` neighbours votes for its class with the weight
    exp(cos / temperature) (Wu et al., arXiv:1805.01978, section 3.4).

    Args:
        features: Of the images in question, (n, d).
        bank: Of the images whose class is known, (N, d); all of them vote
            if they are fewer than ``k``.
        labels: Their classes, (N,) int64.
        classes: How many classes there are.
        k: Neighbours that vote.
        temperature: The smaller, the more the nearest ones count.

    Returns:
        Classes, (n,) int64.
    """
    bank = F.normalize(bank.float())
    k = min(k, len(bank))
    predictions = [labels[:0]]
    for chunk in F.normalize(features.float()).split(CHUNK):
        cosines, neighbours = (chunk @ bank.T).topk(k)
        # Weights relative to the nearest one's cannot overflow.
        weights = ((cosines - cosines[:, :1]) / temperature).exp()
        votes = F.one_hot(labels[neighbours], classes)  # (chunk, k, classes)
        votes = (weights[:, None] @ votes.float())[:, 0]
        predictions.append(votes.argmax(1))
    return torch.cat(predictions)
