"""The same seed gives the same weights, whatever ran before or beside."""
import pytest
import torch
from hosts import hand_over_after, small_config
from recorder import Recorder, train


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


def test_epochs_differ(cifar_root, tmp_path):
    cfg = small_config('BYOL', cifar_root, tmp_path / 'work',
                       train_cfg__max_epochs=2, **hand_over_after(0, 16))
    trace = train(cfg, Draws())[1]
    assert len(set(trace.draws)) == 16
    first, second = (sum(trace.samples[i:i + 8], []) for i in (0, 8))
    assert first != second and sorted(first) == sorted(second)
