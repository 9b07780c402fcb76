"""Scores of frozen features, as linear_probe.py and evaluate.py give them."""
from __future__ import annotations

from collections.abc import Sequence

from mmengine.config import Config

from ..config.load import load_config
from ..evaluation import labelled, scores
from ..evaluation.probe import probe
from ..priors import Prior
from .networks import Configured, PathLike
from .unlogged import unlogged


def linear_probe(config: Configured, checkpoint: PathLike | None = None, *,
                 prior: str | None = None, data: PathLike | None = None,
                 image_size: int | None = None, epochs: int = 100,
                 seed: int = 0) -> dict:
    """Score of a linear classifier of frozen features (paper, Table 9).

    Args:
        config: That of the training.
        checkpoint: Its file.
        prior: One instead of the checkpoint.
        data: Folder of ``train/CLASS/IMAGE`` and ``val/CLASS/IMAGE``;
            ``None`` for the images of the config's ``probe``.
        image_size: As for :func:`embed`, but a checkpoint's is by default
            ``probe.image_size``.
        epochs: Of the classifier.
        seed: Of its weights, and the order of its batches.

    Returns:
        ``linear_top1`` in per cent, and of what it is.
    """
    return probe(*_scored(config, checkpoint, prior, data, image_size),
                 epochs, seed)


def knn(config: Configured, checkpoint: PathLike | None = None, *,
        prior: str | None = None, data: PathLike | None = None,
        image_size: int | None = None,
        neighbours: int = scores.NEIGHBOURS) -> dict:
    """Score of the votes of the nearest training images, T = 0.1.

    Args:
        config, checkpoint, prior, data, image_size: As for
            :func:`linear_probe`.
        neighbours: How many vote.

    Returns:
        ``knn_top1`` and ``knn_top5`` in per cent, and of what they are.
    """
    return scores.knn(*_scored(config, checkpoint, prior, data, image_size),
                      neighbours)


def evaluate(config: Configured, checkpoint: PathLike | None = None, *,
             prior: str | None = None, data: PathLike | None = None,
             image_size: int | None = None, epochs: int = 100, seed: int = 0,
             labels: Sequence[float] = ()) -> dict:
    """Both, retrieval and few labels, of features that are computed once.

    Args:
        config, checkpoint, prior, data, image_size, epochs, seed: As for
            :func:`linear_probe`.
        labels: Scores by few labels, too: shares of each class, below 1, or
            numbers of its images.

    Returns:
        See :func:`mmrela.evaluation.scores.evaluate`.
    """
    return scores.evaluate(
        *_scored(config, checkpoint, prior, data, image_size), epochs, seed,
        labels)


def _scored(config: Configured, checkpoint: PathLike | None,
            prior: str | None, data: PathLike | None,
            image_size: int | None) -> tuple[Config, Prior]:
    cfg = labelled.with_images(load_config(config), data)
    with unlogged():
        return cfg, labelled.network(cfg, checkpoint, prior, None, image_size)
