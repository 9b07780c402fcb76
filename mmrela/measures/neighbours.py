"""Nearest neighbours by cosine similarity."""
from __future__ import annotations

from collections.abc import Iterator, Sequence

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
    found = [bank.new_zeros(0, classes, dtype=torch.float32)]
    for cosines, neighbours in _closest(features, bank, k):
        weights = ((cosines - cosines[:, :1]) / temperature).exp()
        votes = F.one_hot(labels[neighbours], classes)  # (chunk, k, classes)
        found.append((weights[:, None] @ votes.float())[:, 0])
    return torch.cat(found)


def _closest(features: Tensor, bank: Tensor, k: int
             ) -> Iterator[tuple[Tensor, Tensor]]:
    """Cosines and rows of the ``k`` nearest, (chunk, k) each, descending."""
    bank = F.normalize(bank.float())
    for chunk in F.normalize(features.float()).split(CHUNK):
        yield (chunk @ bank.T).topk(min(k, len(bank)))


def retrieval(features: Tensor, bank: Tensor, labels: Tensor, truth: Tensor,
              k: int = 200) -> tuple[float, float]:
    """How well images find others of their class, in per cent.

    Args:
        features: Of the images in question, (n, d).
        bank: Of the images to find, (N, d).
        labels: Their classes, (N,) int64.
        truth: Classes of the images in question, (n,) int64.
        k: The nearest images that count; all of them if there are fewer.

    Returns:
        recall@1, the share of images whose nearest one is of their class,
        and mAP@k, the mean over images of

            AP@k = Σ P(i) [the i-th nearest is of the class] / min(R, k)

        over i = 1 … k, where P(i) is the share of the class among the
        nearest i, and R how many of the class there are; 0 if there is none.
    """
    first, precision = [], []
    found = _closest(features, bank, k)
    for (_, rows), wanted in zip(found, truth.split(CHUNK)):
        hits = (labels[rows] == wanted[:, None]).double()
        first.append(hits[:, 0])
        places = torch.arange(1, hits.shape[1] + 1, device=hits.device)
        there = (labels == wanted[:, None]).sum(1).clamp(1, hits.shape[1])
        precision.append((hits * hits.cumsum(1) / places).sum(1) / there)
    recall, mean = (100 * torch.cat(each).mean().item()
                    for each in (first, precision))
    return recall, mean


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


def nearest(targets: TargetStore | np.ndarray,
            queries: Sequence[int] | Tensor, count: int,
            block: int = BLOCK) -> Tensor:
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
    asked = torch.as_tensor(queries)
    wanted = F.normalize(torch.from_numpy(targets[asked.numpy()]))
    best = wanted.new_full((len(asked), count), -torch.inf)
    rows = asked.new_zeros(len(asked), count)
    for index in torch.arange(len(targets)).split(block):
        found = torch.from_numpy(targets[index.numpy()])
        cosines = wanted @ F.normalize(found).T
        cosines[asked[:, None] == index] = -torch.inf
        best, order = torch.cat([best, cosines], 1).topk(count)
        rows = torch.cat([rows, index.expand(len(rows), -1)], 1).gather(
            1, order)
    return rows
