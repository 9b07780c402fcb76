import math

import numpy as np
import pytest
import torch

from mmrela.measures.neighbours import (
    CHUNK,
    knn_predict,
    knn_votes,
    nearest,
    retrieval,
    top,
)


def naive(feature, bank, labels, k, temperature):
    """One query: sort all, add up votes class by class."""
    def cosine(a, b):
        return (a * b).sum() / a.norm() / b.norm()

    pairs = sorted(((cosine(feature, row).item(), label)
                    for row, label in zip(bank, labels.tolist())),
                   reverse=True)
    votes = {}
    for similarity, label in pairs[:k]:
        votes[label] = votes.get(label, 0) + math.exp(
            similarity / temperature)
    return max(votes, key=votes.get)


def random_bank(size=60, dim=5, classes=4):
    generator = torch.Generator().manual_seed(0)
    bank = torch.randn(size, dim, generator=generator)
    labels = torch.randint(classes, (size, ), generator=generator)
    queries = torch.randn(2 * CHUNK + 3, dim, generator=generator)
    return queries, bank, labels


@pytest.mark.parametrize('k, temperature', [(1, 0.1), (7, 0.1), (7, 2.0),
                                            (200, 0.1), (60, 0.5)])
def test_votes_are_those_of_the_formula(k, temperature):
    queries, bank, labels = random_bank()
    found = knn_predict(queries, bank, labels, 4, k, temperature)
    expected = [naive(q, bank, labels, k, temperature) for q in queries]
    assert found.tolist() == expected


def test_many_weak_votes_against_a_strong_one():
    """The temperature decides between one neighbour and three others."""
    bank = torch.tensor([[1., 0.], [1., 1.], [1., 1.], [1., -1.]])
    labels = torch.tensor([0, 1, 1, 1])
    query = torch.tensor([[5., 0.]])
    sharp = knn_predict(query, bank, labels, 2, k=4, temperature=0.1)
    flat = knn_predict(query, bank, labels, 2, k=4, temperature=10.)
    assert (sharp.item(), flat.item()) == (0, 1)


def test_lengths_do_not_matter():
    queries, bank, labels = random_bank()
    scale = torch.rand(60, 1) + 0.1
    assert torch.equal(knn_predict(queries, bank, labels, 4, k=9),
                       knn_predict(3 * queries, bank * scale, labels, 4, k=9))


def test_chunks_do_not_matter():
    queries, bank, labels = random_bank()
    found = knn_predict(queries, bank, labels, 4)
    single = [knn_predict(q[None], bank, labels, 4).item() for q in queries]
    assert found.tolist() == single


def test_a_small_temperature_does_not_overflow():
    queries, bank, labels = random_bank()
    found = knn_predict(queries, bank, labels, 4, k=9, temperature=1e-3)
    nearest = knn_predict(queries, bank, labels, 4, k=1)
    assert torch.equal(found, nearest)


def test_no_queries():
    _, bank, labels = random_bank()
    assert knn_predict(bank[:0], bank, labels, 4).shape == (0, )


@pytest.mark.parametrize('count', [1, 2, 3, 9])
def test_top_is_a_full_sort(count):
    queries, bank, labels = random_bank()
    votes = knn_votes(queries, bank, labels, 4, k=30)
    truth = torch.arange(len(votes)) % 5  # nobody learned the last class
    hits = [want in sorted(range(4), key=row.__getitem__)[::-1][:count]
            for row, want in zip(votes.tolist(), truth.tolist())]
    assert top(votes, truth, count) == pytest.approx(
        100 * sum(hits) / len(hits))


@pytest.mark.parametrize('count', [1, 3, 10])
def test_nearest_is_a_full_sort(count, make_store, tmp_path):
    vectors = np.random.default_rng(0).normal(size=(40, 5))
    store = make_store(tmp_path / 'store', vectors.astype(np.float32),
                       dtype='float32')
    rows = nearest(store, [0, 39, 17], count, block=7)
    for query, found in zip([0, 39, 17], rows.tolist()):
        a = vectors.astype(np.float32).astype(np.float64)
        cosines = a @ a[query] / np.linalg.norm(a, axis=1)
        order = [i for i in np.argsort(-cosines) if i != query]
        assert found == order[:count]


@pytest.mark.parametrize('k', [1, 7, 200])
def test_retrieval_is_a_walk_down_the_list(k):
    queries, bank, labels = random_bank()
    truth = torch.arange(len(queries)) % 5  # the last class is not there
    first, precision = [], []
    for query, wanted in zip(queries.double(), truth.tolist()):
        cosines = bank.double() @ query / bank.double().norm(dim=1)
        order = labels[cosines.argsort(descending=True)].tolist()[:k]
        seen, points = 0, 0.
        for place, label in enumerate(order, 1):
            if label == wanted:
                seen += 1
                points += seen / place
        there = labels.tolist().count(wanted)
        first.append(order[0] == wanted)
        precision.append(points / min(k, there) if there else 0)
    found = retrieval(queries, bank, labels, truth, k)
    assert found == pytest.approx((100 * np.mean(first),
                                   100 * np.mean(precision)))
    assert 0 < found[1] < 100


def test_retrieval_of_classes_far_apart():
    bank = torch.eye(3).repeat(4, 1)
    labels = torch.arange(3).repeat(4)
    assert retrieval(bank[:3], bank, labels, labels[:3], 4) == (100, 100)
