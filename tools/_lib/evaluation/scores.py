"""Linear probe and kNN of one network or of all checkpoints of a run."""
from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from mmengine.config import Config

from mmrela.errors import UserError
from mmrela.measures.neighbours import knn_votes, retrieval, top
from mmrela.priors import Prior, build_prior, load_student

from .few import few_labels
from .labelled import both_splits
from .probe import BATCH, classify

NEIGHBOURS = 200  # as OnlineKNNHook
TOPS = 1, 5


def evaluate(cfg: Config, model: Prior, epochs: int, seed: int,
             few: list[float]) -> dict | None:
    """Scores in per cent, of features that are computed once.

    Args:
        cfg: Its ``probe`` names labelled images, and the batch size of the
            linear classifier if that is not 128.
        model: Whose features are scored.
        epochs: Of the linear classifier.
        seed: Of its weights and batches, and of the draws of labels.
        few: Amounts of labels, see ``few.draw``.

    Returns:
        ``linear_top1``, ``linear_top5``, ``knn_top1``, ``knn_top5``,
        ``recall_at_1``, ``map_at_200``, the numbers of images, and
        ``few_labels`` if asked for; ``None`` on all ranks but the first.

    Raises:
        UserError: of the images.
    """
    splits = both_splits(cfg, model)
    if splits is None:
        return None
    (bank, labels), (features, truth), _ = splits
    found = dict(
        linear=classify((bank, labels), features, epochs, seed,
                        cfg.probe.get('batch_size', BATCH)),
        knn=knn_votes(features, bank, labels, int(labels.max()) + 1,
                      NEIGHBOURS))
    recall, precision = retrieval(features, bank, labels, truth, NEIGHBOURS)
    more = dict(few_labels=few_labels(
        few, (bank, labels), (features, truth), seed, NEIGHBOURS)
        ) if few else {}
    return dict(
        {f'{name}_top{count}': round(top(scores, truth, count), 2)
         for name, scores in found.items() for count in TOPS},
        recall_at_1=round(recall, 2), map_at_200=round(precision, 2), **more,
        train_images=len(bank), test_images=len(features),
        warning=splits.warning())


def checkpoints_of(work_dir: Path) -> dict[int, Path]:
    """Checkpoints of a run by their epochs, or steps, in order.

    Raises:
        UserError: there is none, or they are of both kinds.
    """
    found: dict[str, dict[int, Path]] = {}
    for file in work_dir.glob('*.pth'):
        name = re.fullmatch(r'(epoch|iter)_(\d+)', file.stem)
        if name:
            found.setdefault(name[1], {})[int(name[2])] = file
    if len(found) != 1:
        raise UserError(
            f'--all {work_dir}: there are '
            f'{"both" if found else "neither"} epoch_N.pth and iter_N.pth; '
            'name the files')
    (files, ) = found.values()
    return dict(sorted(files.items()))


def networks(cfg: Config, files: list[Path], prior: str | None,
             weights: str | None, image_size: int | None) -> Iterator[Prior]:
    """The networks of checkpoints, one after the other, or a prior."""
    if prior:
        yield build_prior(prior, weights, image_size, cfg)
    for file in files:
        yield load_student(
            str(file), image_size or cfg.probe.get('image_size'), cfg)
