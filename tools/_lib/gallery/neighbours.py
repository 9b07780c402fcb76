"""Nearest neighbours before and after a training."""
from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

import torch
from torch import Tensor
from torch.utils.data import Dataset

from mmrela.config.images import build_dataset, own_labels
from mmrela.engine.weak_views import side_of
from mmrela.errors import UserError
from mmrela.features.extract import batches_of, extract
from mmrela.features.images import images_of
from mmrela.measures.neighbours import nearest
from mmrela.pictures.rgb import Sample
from mmrela.priors import Prior, build_prior, load_student

from ..evaluation.checkpoints import checkpoints_of
from ..targets.neighbours import NEIGHBOURS, choose
from .parts import picture
from .run import Finished
from .sections import alone

IMAGES = 1024  # that are looked at, evenly spaced
QUERIES = 8
NATIVE = 224  # pixels: larger images are made as small as the host's views


def neighbours(runs: Sequence[Finished]) -> str:
    """Cards of a few images with their neighbours, untrained and trained.

    Raises:
        UserError: there is no checkpoint, or no images.
    """
    run = alone(runs)
    dataset = build_dataset(run.cfg).dataset
    networks = both_networks(run, dataset)
    rows: list[int] = []
    found = {}
    for title, network in networks.items():
        features, rows = features_of(run, dataset, network)
        found[title] = nearest(features, range(len(rows)), NEIGHBOURS)
    labels = own_labels(dataset, rows)
    queries = torch.linspace(0, len(rows) - 1, QUERIES).long().tolist()
    cards = ''.join(_card(dataset, rows, labels, found, query)
                    for query in queries)
    return f'<p>{escape(_said(found, labels))}</p>' \
        f'<div class="grid pairs">{cards}</div>'


def both_networks(run: Finished, dataset: Dataset) -> dict[str, Prior]:
    """The network that the run began with, and its last checkpoint's.

    Raises:
        UserError: there is no checkpoint, or it does not fit.
    """
    try:
        last = [*checkpoints_of(run.work_dir).values()][-1]
    except UserError as e:
        raise UserError(f'{run.work_dir} holds no checkpoints of one kind, '
                        'epoch_N.pth or iter_N.pth.') from e
    side, cfg = side_for(run, dataset), run.cfg
    if cfg.get('load_from'):
        first = load_student(cfg.load_from, side, cfg)
    else:
        first = build_prior(
            f'random:{run.summary.get("seed", 0)}', None, side, cfg)
    return {'before training': first,
            f'after {last.stem}': load_student(str(last), side, cfg)}


def side_for(run: Finished, dataset: Dataset) -> int | None:
    """To which images are resized; ``None`` if small ones are of one size."""
    sizes = {Sample(dataset, row).image.size
             for row in choose(None, len(dataset))}
    if len(sizes) == 1 and max(max(sizes)) <= NATIVE:
        return None
    return side_of(run.cfg.train_dataloader.dataset)


def features_of(run: Finished, dataset: Dataset, network: Prior
                ) -> tuple[Tensor, list[int]]:
    """Features, (n, d), of images that can be read, and which these are."""
    rows = range(0, len(dataset), math.ceil(len(dataset) / IMAGES))
    images = images_of(run.cfg, dataset, network, skip=True)
    batches, features, kept = batches_of(rows), [], []
    for batch, (some, readable) in zip(batches, extract(
            images, network.name, batches)):
        if readable.any():
            features.append(some)
            kept += torch.tensor([*batch])[readable].tolist()
    if len(kept) <= NEIGHBOURS:
        raise UserError(f'Neighbours need more than {NEIGHBOURS} images that '
                        'can be read.')
    return torch.cat(features).numpy(), kept


def _said(found: dict[str, Tensor], labels: Tensor | None) -> str:
    count = len(next(iter(found.values())))
    said = (f'The {NEIGHBOURS} most similar of {count:,} training images by '
            'the features of the backbone')
    if labels is None:
        return f'{said}.'
    shares = [f'{100 * (labels[rows] == labels[:, None]).float().mean():.1f} '
              f'% {title}' for title, rows in found.items()]
    return (f'{said}; those of the same class are framed: of all neighbours '
            f'{", ".join(shares)}.')


def _card(dataset: Dataset, rows: list[int], labels: Tensor | None,
          found: dict[str, Tensor], query: int) -> str:
    def show(index: int) -> str:
        same = labels is not None and labels[index] == labels[query]
        sample = Sample(dataset, rows[index])
        return picture(sample.image, sample.name,
                       'same' * bool(same and index != query))

    strips = ''.join(
        f'<p>{escape(title)}</p><div class="strip">'
        f'{"".join(map(show, near[query].tolist()))}</div>'
        for title, near in found.items())
    return f'<div class="card">{show(query)}<div>{strips}</div></div>'
