"""Linear probe, kNN, retrieval and few labels of one network."""
from __future__ import annotations

from collections.abc import Sequence

from mmengine.config import Config
from torch import Tensor

from ..errors import UserError
from ..measures.neighbours import knn_votes, retrieval, top
from ..priors import Prior
from .few import few_labels, require_amounts
from .labelled import Labelled, Splits, both_splits
from .probe import BATCH, classify

NEIGHBOURS = 200  # as OnlineKNNHook
TOPS = 1, 5


def evaluate(cfg: Config, model: Prior, epochs: int = 100, seed: int = 0,
             few: Sequence[float] = ()) -> dict | None:
    """Scores in per cent, of features that are computed once.

    Args:
        cfg: Its ``probe`` names labelled images, and the batch size of the
            linear classifier if that is not 128.
        model: Whose features are scored.
        epochs: Of the linear classifier.
        seed: Of its weights and batches, and of the draws of labels.
        few: Amounts of labels, see ``few.draw``.

    Returns:
        The network's name, ``model``, ``linear_top1``, ``linear_top5``,
        ``knn_top1``, ``knn_top5``, ``recall_at_1``, ``map_at_200``,
        ``few_labels`` if asked for, the numbers of images, a ``warning``,
        ``epochs`` and ``seed``; ``None`` on all ranks but the first.

    Raises:
        UserError: of the images, or the amounts.
    """
    require_amounts(few)
    splits = both_splits(cfg, model)
    if splits is None:
        return None
    train, test, _ = splits
    linear = classify(train, test[0], epochs, seed,
                      cfg.probe.get('batch_size', BATCH))
    recall, precision = retrieval(test[0], *train, test[1], NEIGHBOURS)
    more = dict(few_labels=few_labels(few, train, test, seed, NEIGHBOURS)
                ) if few else {}
    return dict(
        model=_name(model), **_tops('linear', linear, test[1]),
        **_tops('knn', _votes(train, test[0], NEIGHBOURS), test[1]),
        recall_at_1=round(recall, 2), map_at_200=round(precision, 2), **more,
        **_images(splits), epochs=epochs, seed=seed)


def knn(cfg: Config, model: Prior, neighbours: int = NEIGHBOURS
        ) -> dict | None:
    """The kNN score of :func:`evaluate` alone, of any number of neighbours.

    Returns:
        ``model``, ``knn_top1`` and ``knn_top5`` in per cent, the numbers of
        images, a ``warning`` and ``neighbours``; ``None`` on all ranks but
        the first.

    Raises:
        UserError: of the images, or there are no neighbours.
    """
    if neighbours < 1:
        raise UserError(f'neighbours={neighbours}: at least 1 must vote')
    splits = both_splits(cfg, model)
    if splits is None:
        return None
    votes = _votes(splits.train, splits.test[0], neighbours)
    return dict(model=_name(model), **_tops('knn', votes, splits.test[1]),
                **_images(splits), neighbours=neighbours)


def _votes(train: Labelled, features: Tensor, neighbours: int) -> Tensor:
    bank, labels = train
    return knn_votes(features, bank, labels, int(labels.max()) + 1,
                     neighbours)


def _tops(name: str, scores: Tensor, truth: Tensor) -> dict[str, float]:
    return {f'{name}_top{count}': round(top(scores, truth, count), 2)
            for count in TOPS}


def _name(model: Prior) -> str:
    return model.name.removeprefix('checkpoint:')


def _images(splits: Splits) -> dict:
    return dict(train_images=len(splits.train[0]),
                test_images=len(splits.test[0]), warning=splits.warning())
