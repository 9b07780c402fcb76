"""RELA stamps the order of any sampler, which stays what it is."""
import random

import numpy as np
import pytest
import torch
from hosts import hand_over_after, small_config
from mmengine.dataset import DefaultSampler, InfiniteSampler
from mmengine.registry import DATA_SAMPLERS
from mmpretrain.datasets import RepeatAugSampler
from recorder import train
from torch.utils.data import Sampler

from mmrela.datasets.samplers.rela_sampler import RelaSampler
from mmrela.errors import UserError


@DATA_SAMPLERS.register_module(force=True)
class Weighted(Sampler):
    """A user's own: odd samples come three times as often as even ones.

    It draws from the global generators, and keeps its seed to itself.
    """

    def __init__(self, dataset, seed=None, draw='torch'):
        self._seed, self.draw, self.epochs = seed, draw, []
        self.weights = torch.tensor([1., 3.]).repeat(len(dataset) // 2)

    def set_epoch(self, epoch):
        self.epochs.append(epoch)

    def __len__(self):
        return len(self.weights) // 2

    def __iter__(self):
        odds = self.weights / self.weights.sum()
        if self.draw == 'torch':
            yield from torch.multinomial(odds, len(self), True)
        elif self.draw == 'numpy':
            yield from np.random.choice(len(odds), len(self), p=odds.double()
                                        / odds.double().sum())
        else:
            yield from random.choices(range(len(odds)), odds, k=len(self))


def stamped(order, epoch=0, seed=3, n=60):
    sampler = RelaSampler(range(n), seed=seed, order=order)
    sampler.set_epoch(epoch)
    return [stamp.index for stamp in sampler], sampler


@pytest.mark.parametrize('kind, settings', [
    (RepeatAugSampler, dict(num_repeats=2)), (DefaultSampler, {}),
    (DefaultSampler, dict(shuffle=False))])
@pytest.mark.parametrize('epoch', [0, 2])
def test_the_order_is_the_samplers_own(kind, settings, epoch):
    own = kind(range(60), seed=3, **settings)
    own.set_epoch(epoch)
    for name in (kind, kind.__name__):
        found, sampler = stamped(dict(type=name, **settings), epoch)
        assert found == list(own)
        assert len(sampler) == len(own)


def test_repeated_samples_have_views_of_their_own(monkeypatch):
    """Each of three copies, on three ranks, has a seed of its own."""
    seen = {}
    for rank in range(3):
        for module in ('mmrela.datasets.samplers.rela_sampler',
                       'mmpretrain.datasets.samplers.repeat_aug'):
            monkeypatch.setattr(f'{module}.get_dist_info',
                                lambda rank=rank: (rank, 3))
        order = dict(type='RepeatAugSampler')
        for stamp in RelaSampler(range(60), seed=0, order=order):
            seen.setdefault(stamp.index, set()).add(stamp.view_seed)
    assert [len(seeds) for seeds in seen.values()] == [3] * 20


@pytest.mark.parametrize('draw', ['torch', 'numpy', 'random'])
def test_a_users_own_depends_on_seed_and_epoch(draw):
    order = dict(type='Weighted', draw=draw)
    states = torch.get_rng_state()
    first, sampler = stamped(order)
    assert torch.equal(torch.get_rng_state(), states)
    torch.rand(7), np.random.rand(7), random.random()  # must not matter
    assert stamped(order)[0] == first != stamped(order, epoch=1)[0]
    assert stamped(order, seed=4)[0] != first
    assert {type(index) for index in first} == {int}
    many = stamped(order, n=6000)[0]
    assert 0.7 < np.mean(np.array(many) % 2) < 0.8
    sampler.set_epoch(5)
    assert sampler.order.epochs[-1] == 5
    former, sampler.seed = sampler.order, 9  # as a resumed training sets it
    assert sampler.order is not former and sampler.order._seed == 9
    assert sampler.order.epochs == [5]


class Advances(DefaultSampler):
    """Keeps a generator that goes on from epoch to epoch."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.generator = np.random.default_rng(self.seed)

    def __iter__(self):
        return iter(self.generator.permutation(len(self)))


class Longer(DefaultSampler):

    def __len__(self):
        return 10


@pytest.mark.parametrize('settings, reason', [
    (dict(order=dict(type=Advances)), 'Advances, gives another order each'),
    (dict(order=dict(type=Longer)), 'Longer, has not as many .* 10 a rank'),
    (dict(order=dict(type=InfiniteSampler)), 'InfiniteSampler, has not as'),
    (dict(order=dict(type=DefaultSampler), ratio=.5), 'ratio or order'),
])
def test_refused(settings, reason):
    with pytest.raises(UserError, match=reason):
        RelaSampler(range(60), seed=0, **settings)


@pytest.mark.parametrize('order', [
    dict(type='RepeatAugSampler'), dict(type='Weighted')])
def test_trains_and_resumes(order, cifar_root, tmp_path):
    def config(name, epochs):
        cfg = small_config(
            'BYOL', cifar_root, tmp_path / name, train_cfg__max_epochs=epochs,
            randomness__seed=None, **hand_over_after(3, 16))
        cfg.train_dataloader.sampler.order = order
        cfg.experiment_name = f'{tmp_path.name}-{name}'
        return cfg

    whole, trace = train(config('whole', 2))
    cfg = config('resumed', 2)
    cfg.load_from, cfg.resume = str(tmp_path / 'whole/epoch_1.pth'), True
    resumed, tail = train(cfg)
    size = len(trace.samples) // 2
    assert trace.stages == ['rela'] * 3 + ['host'] * (2 * size - 3)
    assert tail.samples == trace.samples[size:]
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, resumed.model.state_dict()[name]), name
