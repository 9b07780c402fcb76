"""The same seed gives the same weights, whatever ran before or beside."""
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hosts import hand_over_after, small_config
from recorder import Recorder, train
from torch.utils.data import DataLoader

from mmrela.engine.hooks import DeterminismHook

WORKER = dict(train_dataloader__num_workers=1,
              train_dataloader__prefetch_factor=2)


class Draws(Recorder):
    """What the main process would draw before each step, too."""

    def __init__(self):
        super().__init__()
        self.draws = []

    def before_train_iter(self, runner, batch_idx, data_batch):
        super().before_train_iter(runner, batch_idx, data_batch)
        self.draws.append(torch.rand(1).item())


def assert_same_weights(*runners):
    first, *others = (r.model.state_dict() for r in runners)
    for other in others:
        for name, value in first.items():
            assert torch.equal(value, other[name]), name


@pytest.mark.parametrize('workers', [1, 4])
def test_workers_do_not_matter(cifar_root, tmp_path, workers):
    """λ falls with an epoch's last batch, when none is in flight."""
    runners = []
    for number in (0, workers):
        torch.manual_seed(number)  # must not matter
        cfg = small_config(
            'BYOL', cifar_root, tmp_path / f'w{number}',
            train_cfg__max_epochs=3, train_dataloader__num_workers=number,
            **hand_over_after(8, 24))
        runners.append(train(cfg)[0])
    assert_same_weights(*runners)


@pytest.mark.parametrize('seed', [None, 5])
def test_a_resumed_epoch_repeats_what_the_main_process_draws(
        cifar_root, tmp_path, seed):
    """Without a seed in the config, the checkpoint's is taken."""
    def config(name):
        cfg = small_config(
            'BYOL', cifar_root, tmp_path / name, train_cfg__max_epochs=3,
            randomness__seed=seed, **hand_over_after(12, 24))
        return cfg

    whole, trace = train(config('whole'), Draws())
    cfg = config('resumed')
    cfg.load_from, cfg.resume = str(tmp_path / 'whole/epoch_2.pth'), True
    resumed, tail = train(cfg, Draws())
    assert tail.draws == trace.draws[16:]
    assert tail.samples == trace.samples[16:]
    assert_same_weights(whole, resumed)


@pytest.mark.parametrize('split', ['val', 'test'])
@pytest.mark.parametrize('workers', [0, 1])
def test_evaluations_take_nothing_from_what_hosts_draw(split, workers):
    loader = DataLoader(torch.arange(4), num_workers=workers,
                        persistent_workers=workers > 0)
    runner = SimpleNamespace(**{f'{split}_dataloader': loader})
    torch.manual_seed(3)
    before = torch.get_rng_state()
    getattr(DeterminismHook(), f'before_{split}_epoch')(runner)
    assert [batch.item() for batch in loader] == [0, 1, 2, 3]
    assert torch.equal(torch.get_rng_state(), before)


def test_what_hosts_draw_is_not_the_workers_affair(cifar_root, tmp_path):
    """Each epoch one number is passed over, as a fresh loader would take."""
    found = []
    for name, options in dict(none={}, fresh=WORKER, persistent=dict(
            WORKER, train_dataloader__persistent_workers=True)).items():
        cfg = small_config(
            'BYOL', cifar_root, tmp_path / name, train_cfg__max_epochs=2,
            **options, **hand_over_after(8, 16))
        found.append(train(cfg, Draws())[1].draws)
    expected = []
    for epoch in range(2):
        seed = np.random.SeedSequence((0, epoch)).generate_state(1)[0]
        torch.manual_seed(int(seed))
        iter(DataLoader([0]))
        expected += [torch.rand(1).item() for _ in range(8)]
    assert found == [expected] * 3


def test_epochs_differ(cifar_root, tmp_path):
    cfg = small_config('BYOL', cifar_root, tmp_path / 'work',
                       train_cfg__max_epochs=2, **hand_over_after(0, 16))
    trace = train(cfg, Draws())[1]
    assert len(set(trace.draws)) == 16
    first, second = (sum(trace.samples[i:i + 8], []) for i in (0, 8))
    assert first != second and sorted(first) == sorted(second)
