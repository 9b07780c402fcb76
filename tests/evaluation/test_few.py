"""Scores by a few labels: what is drawn, and what comes of it."""
from __future__ import annotations

import statistics

import pytest
import torch
import torch.nn.functional as F

from _lib.evaluation.report import columns
from mmrela.evaluation.few import DRAWS, draw, few_labels
from mmrela.measures.regression import Ridge

LABELS = torch.tensor([0] * 50 + [2] * 30 + [1] * 3)


@pytest.mark.parametrize('amount, counts', [
    (0.1, [5, 1, 3]), (0.5, [25, 2, 15]), (1, [1, 1, 1]), (4, [4, 3, 4])])
def test_so_many_of_each_class(amount, counts):
    rows = draw(LABELS, amount, 0)
    assert LABELS[rows].bincount().tolist() == counts
    assert len(rows.unique()) == len(rows)
    assert torch.equal(rows, draw(LABELS, amount, 0))


def test_draws_are_not_alike():
    found = {tuple(draw(LABELS, 0.1, seed).tolist()) for seed in range(9)}
    assert len(found) == 9


def labelled(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Features that tell something of three classes."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 3
    noise = torch.randn(count, 6, generator=generator)
    return noise + 1.5 * F.one_hot(labels, 6), labels


def test_scores_are_those_of_each_draw():
    """The nearest neighbour alone votes; one regression an image."""
    train, test = labelled(90, 0), labelled(60, 1)
    share, number = few_labels([0.1, 4], train, test, 3, neighbours=1)
    assert (share['images'], number['images']) == (9, 12)
    ridge, knn = [], []
    for seed in range(3 * DRAWS, 4 * DRAWS):
        rows = draw(train[1], 4, seed)
        bank, labels = train[0][rows], train[1][rows]
        regression = Ridge(bank).fit(torch.eye(3)[labels])
        ridge.append(100 * statistics.mean(
            int(regression(x[None]).argmax() == label)
            for x, label in zip(*test)))
        knn.append(100 * statistics.mean(
            int(labels[F.cosine_similarity(x[None], bank).argmax()] == label)
            for x, label in zip(*test)))
    for name, scores in (('ridge', ridge), ('knn', knn)):
        assert number[f'{name}_top1'] == pytest.approx(
            [statistics.mean(scores), statistics.stdev(scores)], abs=0.006)
    assert number['ridge_top1'][1] > 0


def test_columns_tell_the_amounts():
    scores = dict(ridge_top1=[50, 1.234], knn_top1=[40.5, 0])
    row = dict(few_labels=[dict(labels=0.001, **scores),
                           dict(labels=10, **scores)])
    assert dict(columns(row)) == {
        '0.1 % of labels: ridge': '50.00 ± 1.23',
        '0.1 % of labels: kNN': '40.50 ± 0.00',
        '10 labels a class: ridge': '50.00 ± 1.23',
        '10 labels a class: kNN': '40.50 ± 0.00'}
    assert [*columns({})] == []
