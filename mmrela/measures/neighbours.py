"""Nearest neighbours by cosine similarity."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..targets import BLOCK, TargetStore

CHUNK = 128  # queries at a time: CHUNK × N similarities are in memory


def knn_votes(features: Tensor,
              bank: Tensor,
              labels: Tensor,
              classes: int,
              k: int = 200,
              temperature: float = 0.1) -> Tensor:
    """How much the most similar images speak for each class.

    Each of the ``k`` neighbours votes for its class with the weight
    exp(cos / temperature) (Wu et al., arXiv:1805.01978, section 3.4),
    relative to the nearest one's, so that none overflows.

    Args:
        features: Of the images in question, (n, d).
        bank: Of the images whose class is known, (N, d); all of them vote
            if they are fewer than ``k``.
        labels: Their classes, (N,) int64.
        classes: How many classes there are.
        k: Neighbours that vote.
        temperature: The smaller, the more the nearest ones count.

    Returns:
        Sums of weights, (n, classes) float32.
    """
    bank = F.normalize(bank.float())
    k = min(k, len(bank))
    found = [bank.new_zeros(0, classes)]
    for chunk in F.normalize(features.float()).split(CHUNK):
        cosines, neighbours = (chunk @ bank.T).topk(k)
        weights = ((cosines - cosines[:, :1]) / temperature).exp()
        votes = F.one_hot(labels[neighbours], classes)  # (chunk, k, classes)
        found.append((weights[:, None] @ votes.float())[:, 0])
    return torch.cat(found)


def knn_predict(features: Tensor, bank: Tensor, labels: Tensor, classes: int,
                k: int = 200, temperature: float = 0.1) -> Tensor:
    """The class with the most :func:`knn_votes`, (n,) int64."""
    return knn_votes(features, bank, labels, classes, k,
                     temperature).argmax(1)


def top(scores: Tensor, truth: Tensor, count: int) -> float:
    """Per cent of images whose class is among the best ``count``.

    Args:
        scores: Of each class, (n, classes).
        truth: The classes, (n,) int64; one beyond the last is never hit.
        count: All of them if there are fewer.
    """
    best = scores.topk(min(count, scores.shape[1])).indices
    hits = (best == truth[:, None]).any(1)
    return 100 * hits.float().mean().item()


def nearest(targets: TargetStore | np.ndarray, queries: Sequence[int],
            count: int, block: int = BLOCK) -> Tensor:
    """The most similar images to some, themselves left out.

    Args:
        targets: A store of N targets, which is read in blocks, or an array
            (N, k) float32.
        queries: Rows of the images in question.
        count: How many of each to find, at most N − 1.
        block: Targets that are in memory at a time.

    Returns:
        Rows, the most similar first, (queries, count) int64.
    """
    queries = torch.as_tensor(queries)
    wanted = F.normalize(torch.from_numpy(targets[queries.numpy()]))
    best = wanted.new_full((len(queries), count), -torch.inf)
    rows = queries.new_zeros(len(queries), count)
    for index in torch.arange(len(targets)).split(block):
        found = torch.from_numpy(targets[index.numpy()])
        cosines = wanted @ F.normalize(found).T
        cosines[queries[:, None] == index] = -torch.inf
        best, order = torch.cat([best, cosines], 1).topk(count)
        rows = torch.cat([rows, index.expand(len(rows), -1)], 1).gather(
            1, order)
    return rows
