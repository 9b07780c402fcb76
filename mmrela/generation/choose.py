"""Which images, or crops, of each class a distilled data set takes."""
from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import UserError
from ..features.extract import BATCH_SIZE
from ..features.images import PriorImages
from ..rng import generator_of, seed_of
from .pieces import Piece, parts_of

CANDIDATES, CROPS = 300, 5  # RDED's: images of a class, crops of each
WAYS = ('random', 'ranked', 'crops')


def choose(images: PriorImages, labels: Tensor, skipped: Sequence[int],
           count: int, way: str, seed: int) -> list[Piece]:
    """So many pieces of each class, class by class.

    ``random`` takes whole images as they come. ``ranked`` and ``crops``
    draw up to 300 images of a class and let the prior rank them, or the
    best of five crops of each: by the log-likelihood of their label if it
    is a classifier (RDED, arXiv:2312.03526), else by the cosine to the mean
    of their class.

    Args:
        images: All images, as the prior sees them.
        labels: Of all images, (N,) int64.
        skipped: Rows of images that cannot be read.
        count: Images of each class.
        way: One of :data:`WAYS`.
        seed: Of what is drawn.

    Raises:
        UserError: a class has fewer images.
    """
    left_out = torch.zeros(len(labels), dtype=torch.bool)
    left_out[list(skipped)] = True
    drawn = [_draw(labels, left_out, label, seed)
             for label in range(int(labels.max()) + 1)]
    for label, rows in enumerate(drawn):
        if len(rows) < count:
            raise UserError(f'--ipc {count}: class {label} has '
                            f'{len(rows)} images')
    if way == 'random':
        return [Piece(row, label) for label, rows in enumerate(drawn)
                for row in rows[:count]]
    seeds = [seed_of(seed, crop) for crop in range(CROPS)] if (
        way == 'crops') else [None]
    pieces = [Piece(row, label, each) for label, rows in enumerate(drawn)
              for row in rows[:max(CANDIDATES, count)] for each in seeds]
    return _best(pieces, _scores(images, pieces), count, len(seeds))


def _draw(labels: Tensor, left_out: Tensor, label: int,
          seed: int) -> list[int]:
    """Rows of a class in random order."""
    rows = ((labels == label) & ~left_out).nonzero().flatten()
    order = torch.randperm(len(rows), generator=generator_of(seed, label))
    return rows[order].tolist()


def _scores(images: PriorImages, pieces: list[Piece]) -> Tensor:
    """How well each piece shows its class, (pieces,), more is better."""
    labels = torch.tensor([piece.label for piece in pieces])
    found = parts_of(images, pieces, 'candidates')
    if images.prior.head is not None:  # without the features of all pieces
        with torch.no_grad():
            return torch.cat([-F.cross_entropy(
                images.prior.head(part), own, reduction='none')
                for part, own in zip(found, labels.split(BATCH_SIZE))])
    features = torch.cat([*found])
    centred = F.normalize(features - features.mean(0))
    means = torch.stack([centred[labels == label].mean(0)
                         for label in range(int(labels.max()) + 1)])
    return F.cosine_similarity(centred, means[labels])


def _best(pieces: list[Piece], scores: Tensor, count: int,
          crops: int) -> list[Piece]:
    """The best crop of each image, then the best images of each class."""
    best, which = scores.view(-1, crops).max(1)
    pieces = [pieces[i * crops + j] for i, j in enumerate(which.tolist())]
    chosen = []
    for label in sorted({piece.label for piece in pieces}):
        rows = [i for i, piece in enumerate(pieces) if piece.label == label]
        order = best[rows].argsort(descending=True, stable=True)[:count]
        chosen += [pieces[rows[i]] for i in order.tolist()]
    return chosen
