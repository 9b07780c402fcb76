"""Theorem 3's measurable terms, of trained students and their priors."""
from __future__ import annotations

from mmengine.config import Config
from torch import Tensor
from torch.utils.data import Dataset

from mmrela.features.images import images_of
from mmrela.generation.pieces import Piece, features_of
from mmrela.measures.regression import explained
from mmrela.priors import Prior

from ..markdown import table

HEAD = ['student', 'prior', 'D_Rep(φ → φ*)', 'D_Rep(ψ → φ*)',
        'D_Rep(φ → ψ), weak views']
LEGEND = """\
Theorem 3 bounds D_Rep(φ → φ*) of a student φ, whose prior is ψ, by the next \
two columns and by terms that cannot be measured. φ* are the labels here: the \
distance to them is the share of held-out images that a linear classifier of \
the features gets wrong. D_Rep(φ → ψ) is the share of the features' variance \
that a linear map of the student's leaves unexplained, on one weak view of \
each image."""


def terms(students: list[Prior], scores: list[float], priors: list[Prior],
          rows: list[dict], dataset: Dataset, which: list[int],
          cfg: Config) -> list[dict]:
    """The terms for each student and prior.

    Args:
        students: Networks of checkpoints.
        scores: Their linear scores, in per cent.
        priors: Those that are ranked.
        rows: Of the ranking's table, which has their linear scores.
        dataset: The config's images.
        which: Samples to look at.
        cfg: The config.
    """
    targets = [of_weak_views(prior, dataset, which, cfg) for prior in priors]
    return [dict(student=student.name, prior=row['prior'],
                 student_to_labels=1 - score / 100,
                 prior_to_labels=1 - row['linear_score'] / 100,
                 student_to_prior=1 - explained(target, features))
            for student, score, features in zip(
                students, scores, (of_weak_views(each, dataset, which, cfg)
                                   for each in students))
            for row, target in zip(rows, targets)]


def of_weak_views(model: Prior, dataset: Dataset, which: list[int],
                  cfg: Config) -> Tensor:
    """Features of one weak view of each sample, (n, d) float32.

    All models see the same views.
    """
    return features_of(
        images_of(cfg, dataset, model),
        [Piece(row, 0, seed=0) for row in which], f'{model.name}, weak views')


def markdown(found: list[dict]) -> str:
    """Table and legend."""
    cells = [[row['student'], row['prior'], *(f'{row[key]:.3f}' for key in (
        'student_to_labels', 'prior_to_labels', 'student_to_prior'))]
        for row in found]
    return f'{table(HEAD, cells)}\n\n{LEGEND}\n'
