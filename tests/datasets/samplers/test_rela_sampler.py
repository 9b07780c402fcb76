import pytest
import torch
from torch.utils.data import BatchSampler

from mmrela.datasets.samplers.budget_sampler import BudgetSampler
from mmrela.datasets.samplers.rela_sampler import RelaSampler


def ranks(kind, n, world_size, monkeypatch, **kwargs):
    for rank in range(world_size):
        for module in ('budget_sampler', 'rela_sampler'):
            monkeypatch.setattr(
                f'mmrela.datasets.samplers.{module}.get_dist_info',
                lambda r=rank: (r, world_size))
        yield kind(range(n), seed=3, **kwargs)


def test_an_epoch_takes_each_sample_once():
    assert sorted(BudgetSampler(range(50), seed=0)) == list(range(50))


@pytest.mark.parametrize('ratio,expected', [(0.1, 10), (0.35, 35), (1.0, 100)])
def test_budget_is_a_fresh_subset_each_epoch(ratio, expected):
    sampler = BudgetSampler(range(100), ratio=ratio, seed=0)
    first = list(sampler)
    sampler.set_epoch(1)
    second = list(sampler)
    assert len(first) == len(set(first)) == len(sampler) == expected
    assert first != second
    sampler.set_epoch(0)
    assert list(sampler) == first


@pytest.mark.parametrize('world_size', [2, 3])
def test_ranks_share_one_budget(world_size, monkeypatch):
    alone = list(BudgetSampler(range(100), ratio=0.5, seed=3))
    parts = [list(s) for s in ranks(BudgetSampler, 100, world_size,
                                    monkeypatch, ratio=0.5)]
    together = [i for group in zip(*parts) for i in group]
    assert together[:50] == alone
    assert len({len(part) for part in parts}) == 1


@pytest.mark.parametrize('ratio', [0, -1, 1.1])
def test_ratio_out_of_range(ratio):
    with pytest.raises(ValueError, match='ratio'):
        BudgetSampler(range(10), ratio=ratio, seed=0)


def test_stamps_tell_their_epoch():
    sampler = RelaSampler(range(20), seed=0)
    for epoch in 0, 3:
        sampler.set_epoch(epoch)
        assert {stamp.epoch for stamp in sampler} == {epoch}


def test_view_seeds_depend_on_seed_epoch_and_position_alone():
    def seeds(seed, epoch):
        sampler = RelaSampler(range(20), seed=seed)
        sampler.set_epoch(epoch)
        torch.rand(7)  # must not matter
        return [stamp.view_seed for stamp in sampler]

    assert seeds(0, 0) == seeds(0, 0)
    assert len(set(seeds(0, 0)) | set(seeds(0, 1)) | set(seeds(1, 0))) == 60


def test_view_seeds_differ_between_ranks(monkeypatch):
    one, two = ranks(RelaSampler, 20, 2, monkeypatch)
    assert not ({s.view_seed for s in one} & {s.view_seed for s in two})


def test_lambda_is_stamped_when_the_index_is_drawn():
    sampler = RelaSampler(range(6), seed=0)
    drawn = iter(sampler)
    assert [next(drawn).lam for _ in range(2)] == [1, 1]
    sampler.lam = 0
    assert [stamp.lam for stamp in drawn] == [0] * 4


@pytest.mark.parametrize('flip_at', range(6))
@pytest.mark.parametrize('first_batch', range(3))
def test_aligned_flip_never_splits_a_group(flip_at, first_batch):
    """Batches of 2, three to an optimiser step, epochs begin anywhere."""
    sampler = RelaSampler(range(24), seed=0)
    sampler.align(-first_batch % 3 * 2, 6)
    lams = []
    for number, batch in enumerate(BatchSampler(sampler, 2, True)):
        lams.append({stamp.lam for stamp in batch})
        if number == flip_at:
            sampler.lam = 0
    assert all(len(found) == 1 for found in lams)
    steps = {}
    for number, found in enumerate(lams):
        steps.setdefault((first_batch + number) // 3, set()).update(found)
    assert all(len(found) == 1 for found in steps.values())
    assert lams[0] == {1} and lams[-1] == {0}


def test_an_unfinished_group_keeps_its_stage_over_the_epoch():
    sampler = RelaSampler(range(4), seed=0)
    sampler.align(0, 6)
    assert {stamp.lam for stamp in sampler} == {1}
    sampler.lam = 0  # at the end of the epoch, two samples into a group
    sampler.align(2, 6)
    assert [stamp.lam for stamp in sampler] == [1, 1, 0, 0]
