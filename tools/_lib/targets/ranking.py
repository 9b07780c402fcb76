"""Prior models compared on a config's images."""
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from mmengine.config import Config
from torch import Tensor
from torch.utils.data import Dataset

from mmrela.config.images import build_dataset, head_width, own_labels
from mmrela.errors import UserError
from mmrela.features.extract import batches_of
from mmrela.features.images import images_of
from mmrela.features.labelled import LabelledImages
from mmrela.features.stopwatch import Stopwatch
from mmrela.features.timing import measure, spread
from mmrela.measures.agreement import disagreements
from mmrela.measures.classifier import linear_score
from mmrela.measures.regression import distances
from mmrela.measures.spectra import effective_rank, spectrum
from mmrela.pca import Moments, whitening
from mmrela.priors import JoinedPrior, Prior, build_prior, load_student

from .ranking_report import order
from .theorem3 import terms

LEAST = 20  # images


def look(prior: Prior, dataset: Dataset, rows: Sequence[int],
         cfg: Config) -> tuple[Tensor, float]:
    """Features of some samples, (n, d), and images per second.

    Those of several priors are whitened.
    """
    features, rate = measure(images_of(cfg, dataset, prior), batches_of(rows),
                             prior.name, Stopwatch())
    if isinstance(prior, JoinedPrior):  # as targets are made of them
        covariance = Moments().update(features).covariance
        basis = whitening(covariance, prior.widths or (), head_width(cfg))
        features = (features - features.mean(0)) @ torch.from_numpy(
            basis).float()
    return features, rate


class Labels:
    """Where linear scores come from: the images' own labels, or a probe's.

    Args:
        cfg: The config; its ``probe.train`` is used if its training images
            have no labels.
        dataset: The training images.
        rows: Those that are looked at.
    """

    def __init__(self, cfg: Config, dataset: Dataset,
                 rows: list[int]) -> None:
        self.cfg, self.probe = cfg, None
        self.labels = own_labels(dataset, rows)
        if self.labels is None and cfg.get('probe'):
            self.probe = LabelledImages(
                'probe.train', cfg.probe.get('train'), len(rows))
            self.labels = self.probe.labels[list(self.probe.rows)]

    def score(self, prior: Prior, features: Tensor) -> float | None:
        """Linear score of a prior with these features of the rows."""
        if self.labels is None:
            return None
        if self.probe:
            features, _ = look(prior, self.probe.dataset, self.probe.rows,
                               self.cfg)
        return linear_score(features, self.labels)


def describe(spec: str, prior: Prior, cfg: Config, dataset: Dataset,
             rows: list[int], labels: Labels) -> tuple[dict, Tensor]:
    """A row of the table, and the features that it is about."""
    features, rate = look(prior, dataset, rows, cfg)
    shares = spectrum(features)
    kept = float(shares[:head_width(cfg)].sum())
    return dict(prior=spec, linear_score=labels.score(prior, features),
                distance=None, effective_rank=effective_rank(shares),
                variance_kept=kept, width=features.shape[1],
                images_per_second=rate), features


def rank(cfg: Config, specs: list[str], samples: int, zero_one: bool = False,
         checkpoints: Sequence[Path] = ()) -> dict:
    """All that is to be told about these priors, the best first.

    Args:
        cfg: The config.
        specs: The priors.
        samples: Images to look at.
        zero_one: Whether to tell distances by the 0/1 loss, too.
        checkpoints: Trained students, for Theorem 3's terms.

    Raises:
        UserError: of a prior, a checkpoint or the images; there are no
            labels for what needs them.
    """
    dataset = build_dataset(cfg).dataset
    rows = [i for part in spread(len(dataset), samples) for i in part]
    if len(rows) < LEAST:
        raise UserError(f'ranking needs at least {LEAST} images, got '
                        f'{len(rows)}: raise --samples, or take more data')
    labels = Labels(cfg, dataset, rows)
    own = own_labels(dataset, rows)
    if own is None and (zero_one or checkpoints):
        raise UserError('--zero-one and --checkpoints need labels of the '
                        'training images: these have none')
    # All at once: a mistake in one shows before the first pass.
    priors = [build_prior(spec, cfg=cfg) for spec in specs]
    students = [load_student(str(file), side_of(cfg), cfg)
                for file in checkpoints]
    table, features = map(list, zip(*(
        describe(spec, prior, cfg, dataset, rows, labels)
        for spec, prior in zip(specs, priors))))
    between = distances(features)
    others = len(specs) - 1
    for row, found in zip(table, (between.sum(1) - between.diagonal())):
        row['distance'] = float(found) / others if others else None
    more = {}
    if zero_one:
        more['zero_one'] = disagreements(features, own).tolist()
    if students:
        scores = [linear_score(look(each, dataset, rows, cfg)[0], own)
                  for each in students]
        more['theorem3'] = terms(students, scores, priors, table, dataset,
                                 rows, cfg)
    table, rule = order(table)
    return dict(rule=rule, images=len(rows), dim=head_width(cfg), rows=table,
                priors=specs, distances=between.tolist(), **more)


def side_of(cfg: Config) -> int | None:
    """Side of the square that checkpoints see, if the probe tells."""
    return (cfg.get('probe') or {}).get('image_size')
