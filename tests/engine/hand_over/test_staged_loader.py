"""Which stage a batch has, by the step that it is for."""
import pytest
from torch.utils.data import DataLoader, Dataset

from mmrela.datasets.samplers.rela_sampler import RelaSampler
from mmrela.engine.hand_over.staged_loader import StagedLoader

SIZE, BATCH = 20, 3  # an epoch has 7 batches, the last one of 2 samples
STEPS = 35


class Stamps(Dataset):
    """Returns the stamps themselves, and counts them."""

    def __init__(self):
        self.loaded = 0

    def __len__(self):
        return SIZE

    def __getitem__(self, stamp):
        self.loaded += 1
        return stamp


def make(accumulation=1, host_from=0, **workers):
    data = Stamps()
    loader = DataLoader(data, BATCH, sampler=RelaSampler(data, seed=1),
                        collate_fn=list, **workers)
    return StagedLoader(loader, accumulation, host_from, STEPS)


def run(staged, done, steps, switch=None):
    """Batches of the steps from ``done`` on; λ falls after ``switch``."""
    staged.start(int(switch is None or switch > done), done)
    batches = staged.batches(done)
    assert [next(batches) for _ in range(done)] == [None] * done
    found = []
    for step in range(done, steps):
        found.append(next(batches))
        if step + 1 == switch:
            staged.hand_over(switch)
    return found


@pytest.mark.parametrize('done', [0, 1, 6, 7, 8, 14, 20])
def test_goes_on_at_the_right_sample_of_the_right_epoch(done):
    assert run(make(), done, 24) == run(make(), 0, 24)[done:]


def test_epochs_are_those_of_the_sampler():
    batches, sampler = run(make(), 0, 14), RelaSampler(range(SIZE), seed=1)
    for epoch in range(2):
        sampler.set_epoch(epoch)
        found = batches[7 * epoch:][:7]
        assert [len(batch) for batch in found] == [3] * 6 + [2]
        assert sum(found, []) == list(sampler)


def test_workers_that_stay_know_the_data_set_as_it_is_now():
    """mmengine starts them before the hooks that change it."""
    staged = make(num_workers=1, persistent_workers=True)
    early = iter(staged.loader)
    staged.loader.collate_fn = len
    staged.start(1, 0)
    assert next(staged.batches(0)) == BATCH
    assert next(early) != BATCH
    staged.loader._iterator = None


def test_what_is_done_is_not_loaded():
    staged = make()
    run(staged, 12, 13)
    assert staged.loader.dataset.loaded == BATCH


@pytest.mark.parametrize('accumulation', [1, 2, 3, 5])
@pytest.mark.parametrize('groups', [1, 2, 4])
@pytest.mark.parametrize('workers', [0, 1, 3])
def test_a_resumed_hand_over_is_the_uninterrupted_one(
        accumulation, groups, workers):
    """From any step on: ``host_from`` is what the loader came to do."""
    staged = make(accumulation)
    batches, switch = staged.batches(0), groups * accumulation
    # A loader with workers, by hand: it is so many batches ahead, in the
    # epoch that it is in.
    staged.start(1, 0)
    found, stepped, ahead = [], 0, 2 * workers
    while stepped < 35:
        left = 7 - stepped % 7  # of the epoch
        while len(found) < stepped + min(left, ahead + 1):
            found.append(next(batches))
        stepped += 1
        if stepped == switch:
            staged.loader.num_workers, staged.loader.prefetch_factor = \
                workers, 2
            staged.hand_over(switch)
    lams = [{stamp.lam for stamp in batch} for batch in found[:35]]
    expected = [{1}] * staged.host_from
    assert lams == expected + [{0}] * (35 - staged.host_from)
    for done in range(switch, 35, accumulation):
        resumed = make(accumulation, staged.host_from)
        assert run(resumed, done, 35, switch) == found[done:35]
