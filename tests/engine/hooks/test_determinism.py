"""The same seed gives the same weights, whatever ran before or beside."""
import pytest
import torch
from hosts import hand_over_after, small_config
from mmengine.hooks import Hook
from mmengine.runner import Runner


class Trace(Hook):
    """What the main process would draw, and which samples came."""

    def __init__(self):
        self.draws, self.samples = [], []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.draws.append(torch.rand(1).item())
        self.samples += [s.sample_idx for s in data_batch['data_samples']]


def train(cfg):
    trace = Trace()
    runner = Runner.from_cfg(cfg)
    runner.register_hook(trace)
    runner.train()
    return runner, trace


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
        cfg.experiment_name = f'{tmp_path.name}-{number}'
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
        cfg.experiment_name = f'{tmp_path.name}-{name}'
        return cfg

    whole, trace = train(config('whole'))
    cfg = config('resumed')
    cfg.load_from, cfg.resume = str(tmp_path / 'whole/epoch_2.pth'), True
    resumed, tail = train(cfg)
    assert tail.draws == trace.draws[16:]
    assert tail.samples == trace.samples[128:]
    assert_same_weights(whole, resumed)


def test_epochs_differ(cifar_root, tmp_path):
    cfg = small_config('BYOL', cifar_root, tmp_path / 'work',
                       train_cfg__max_epochs=2, **hand_over_after(0, 16))
    trace = train(cfg)[1]
    assert len(set(trace.draws)) == 16
    assert trace.samples[:64] != trace.samples[64:]
    assert sorted(trace.samples[:64]) == sorted(trace.samples[64:])
