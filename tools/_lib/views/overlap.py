"""Two classes under crops of several strengths, and how they overlap."""
from __future__ import annotations

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor
from torch.utils.data import Dataset

from mmrela.config.images import build_dataset, own_labels
from mmrela.errors import UserError
from mmrela.features.images import images_of
from mmrela.generation.pieces import Piece, features_of
from mmrela.priors import Prior, build_prior

from ..targets.map import tsne

SCALES = (0.02, 0.04, 0.08, 0.2, 0.5, None)  # least ones; None: no crop
SIDE = 32  # of the pixels that are compared
NEIGHBOURS = 15


def study(cfg: Config, classes: tuple[int, int], count: int,
          spec: str | None) -> dict:
    """Views, their two-dimensional map and their overlap, by strength.

    Args:
        cfg: Its training images need labels.
        classes: Two of them.
        count: Images of each.
        spec: The prior whose features are compared; ``None`` for pixels.

    Raises:
        UserError: there are no labels, or no such class; scikit-learn is
            missing; of the prior or the images.
    """
    check_sklearn()
    dataset = build_dataset(cfg).dataset
    prior = build_prior(spec, cfg=cfg) if spec else None
    pieces = choose(dataset, classes, count)
    labels = torch.tensor([piece.label for piece in pieces])
    panels = []
    for scale in SCALES:
        seen = [piece._replace(seed=None) if scale is None
                else piece._replace(scale=scale) for piece in pieces]
        points = look(cfg, dataset, seen, prior, f'scale {scale}')
        panels.append(dict(scale=scale, error=knn_error(points, labels),
                           map=tsne(points).tolist()))
    return dict(space=prior.name if prior else f'pixels, {SIDE} x {SIDE}',
                classes=classes, names=_names(dataset, classes),
                images=len(pieces), neighbours=NEIGHBOURS,
                labels=labels.tolist(), panels=panels)


def check_sklearn() -> None:
    try:
        import sklearn  # noqa: F401
    except ImportError as e:
        raise UserError('t-SNE needs scikit-learn: run pip install '
                        'scikit-learn') from e


def choose(dataset: Dataset, classes: tuple[int, int],
           count: int) -> list[Piece]:
    """The first images of two classes, each with a seed for its crop."""
    labels = own_labels(dataset, [*range(len(dataset))])
    if labels is None:
        raise UserError('the training images have no labels: take a config '
                        'whose images have')
    pieces = []
    for label in classes:
        rows = (labels == label).nonzero().flatten()[:count].tolist()
        if len(rows) <= NEIGHBOURS:
            raise UserError(f'--classes {label}: that class has {len(rows)} '
                            f'images, more than {NEIGHBOURS} are needed')
        pieces += [Piece(row, label, seed=0) for row in rows]
    return pieces


def look(cfg: Config, dataset: Dataset, pieces: list[Piece],
         prior: Prior | None, title: str) -> Tensor:
    """Features of pieces, or their pixels, (pieces, d) float32."""
    if prior:
        return features_of(images_of(cfg, dataset, prior), pieces, title)
    return torch.stack([pixels(dataset, piece) for piece in pieces])


def pixels(dataset: Dataset, piece: Piece) -> Tensor:
    """Pixels of one side, from 0 to 1, (3 * SIDE**2,) float32."""
    image = piece.of(dataset).image.resize((SIDE, SIDE))
    return torch.from_numpy(np.asarray(image).copy()).flatten() / 255


def knn_error(points: Tensor, labels: Tensor) -> float:
    """Share of points whose nearest others are mostly of another class.

    Args:
        points: (n, d) floats.
        labels: (n,) of two classes.
    """
    between = torch.cdist(points.double(), points.double())
    between.fill_diagonal_(float('inf'))
    nearest = between.topk(NEIGHBOURS, largest=False).indices
    same = (labels[nearest] == labels[:, None]).double().mean(1)
    return float((same < 0.5).double().mean())


def _names(dataset: Dataset, classes: tuple[int, int]) -> list[str]:
    known = getattr(dataset, 'CLASSES', None) or ()
    return [known[label] if label < len(known) else f'class {label}'
            for label in classes]
