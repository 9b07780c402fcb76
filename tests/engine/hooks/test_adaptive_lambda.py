"""The hand-over in a real Runner."""

import pytest
import torch
from hosts import hand_over_after, small_config
from mmengine.runner import Runner
from recorder import train

from mmrela.engine.hooks import AdaptiveLambdaHook
from mmrela.errors import UserError
from mmrela.schedule import AdaptiveLambda, LambdaRule


def config(cifar_root, tmp_path, host='BYOL', epochs=2, **options):
    return small_config(host, cifar_root, tmp_path / 'work',
                        train_cfg__max_epochs=epochs, **options)


@pytest.mark.parametrize('workers,prefetch,flip', [
    (0, None, 3), (1, 2, 1), (2, 1, 3), (2, 2, 2), (2, 3, 6)
])
def test_exactly_the_batches_in_flight_stay_relas(
        cifar_root, tmp_path, workers, prefetch, flip):
    """8 batches an epoch; λ falls after ``flip`` of 24 steps."""
    cfg = config(cifar_root, tmp_path, epochs=3,
                 train_dataloader__num_workers=workers,
                 train_dataloader__prefetch_factor=prefetch,
                 train_dataloader__persistent_workers=workers > 0,
                 **hand_over_after(flip, 24))
    _, recorder = train(cfg)
    in_flight = min(workers * (prefetch or 0), 8 - flip)
    expected = flip + in_flight
    assert recorder.stages == ['rela'] * expected + ['host'] * (24 - expected)


def test_algorithm_1_on_the_runs_own_losses(cifar_root, tmp_path):
    constants = dict(fast_momentum=0.8, slow_momentum=0.7, threshold=0.9)
    cfg = config(cifar_root, tmp_path)
    cfg.default_hooks.rela.schedule.update(constants)
    runner, recorder = train(cfg)
    rule = AdaptiveLambda(**constants)
    steps = 0
    while rule.lam:
        rule.update(recorder.losses[steps]['rela_loss'])
        steps += 1
    hook = AdaptiveLambdaHook.of(runner)
    assert hook.switch_step == steps < 16
    assert recorder.stages == ['rela'] * steps + ['host'] * (16 - steps)
    assert (hook.schedule.fast, hook.schedule.slow) == (rule.fast, rule.slow)


@pytest.mark.parametrize('workers', [0, 2])
def test_no_optimiser_step_mixes_stages(cifar_root, tmp_path, workers):
    """5 batches to a step, 8 to an epoch: steps straddle epochs."""
    cfg = config(cifar_root, tmp_path, epochs=5,
                 optim_wrapper__accumulative_counts=5,
                 train_dataloader__num_workers=workers,
                 **hand_over_after(3, 8))
    _, recorder = train(cfg)
    assert len(recorder.stages) == 40
    steps = [set(recorder.stages[i:i + 5]) for i in range(0, 40, 5)]
    assert all(len(stages) == 1 for stages in steps)
    assert steps.index({'host'}) >= 3
    if workers == 0:
        assert steps.index({'host'}) == 3


def test_accumulated_losses_count_once(cifar_root, tmp_path):
    cfg = config(cifar_root, tmp_path, optim_wrapper__accumulative_counts=4)
    runner, recorder = train(cfg)
    rule = AdaptiveLambda()
    losses = [row['rela_loss'] for row in recorder.losses]
    for i in range(0, 16, 4):
        rule.update(sum(losses[i:i + 4]) / 4)
    hook = AdaptiveLambdaHook.of(runner)
    assert hook.schedule.slow == pytest.approx(rule.slow, abs=1e-9)


def test_logs_the_rule_and_forgets_rela_after_it(cifar_root, tmp_path):
    cfg = config(cifar_root, tmp_path)
    runner, _ = train(cfg)
    scalars = runner.message_hub.log_scalars
    assert len(scalars['train/rela_slow'].data[0]) == 16
    cfg = config(cifar_root, tmp_path, **hand_over_after(5, 16))
    runner, _ = train(cfg)
    scalars = runner.message_hub.log_scalars
    assert list(scalars['train/lambda'].data[0]) == [1] * 4 + [0] * 12
    assert 'train/rela_loss' not in scalars


class CountDown(LambdaRule):
    """Hands over after three steps, and logs how many are left."""

    def __init__(self):
        self.left, self.total = 3, None

    @property
    def lam(self):
        return int(self.left > 0)

    def begin(self, total_steps):
        self.total = total_steps

    def update(self, loss):
        self.left -= 1
        return self.lam

    def scalars(self):
        return {'lambda': self.lam, 'rela_left': self.left, 'total': 5}

    def state_dict(self):
        return dict(left=self.left)

    def load_state_dict(self, state):
        self.left = state['left']


def test_a_users_own_rule(cifar_root, tmp_path):
    cfg = config(cifar_root, tmp_path, epochs=1,
                 optim_wrapper__accumulative_counts=2)
    cfg.default_hooks.rela.schedule = dict(type=CountDown)
    runner, recorder = train(cfg)
    hook = AdaptiveLambdaHook.of(runner)
    assert (hook.schedule.total, hook.switch_step) == (4, 6)
    assert recorder.stages == ['rela'] * 6 + ['host'] * 2
    scalars = runner.message_hub.log_scalars
    assert list(scalars['train/lambda'].data[0]) == [1, 1, 0, 0]
    assert len(scalars['train/total'].data[0]) == 4
    assert 'train/rela_left' not in scalars


def test_a_runner_without_rela_has_no_such_hook(cifar_root, tmp_path):
    runner = Runner.from_cfg(config(cifar_root, tmp_path))
    assert AdaptiveLambdaHook.of(runner) in runner.hooks
    runner._hooks.clear()
    assert AdaptiveLambdaHook.of(runner) is None


@pytest.mark.parametrize('asked', [False, True])
def test_warns_if_it_never_handed_over_unasked(cifar_root, tmp_path, asked):
    alone = hand_over_after(8, 8) if asked else {}
    train(config(cifar_root, tmp_path, epochs=1, log_level='WARNING', **alone))
    log = next((tmp_path / 'work').glob('*/*.log')).read_text()
    assert ('λ was still 1 after 8 steps' in log) != asked


def test_fraction_zero_needs_no_targets(cifar_root, tmp_path):
    cfg = config(cifar_root, tmp_path, epochs=1, **hand_over_after(0, 8))
    cfg.train_dataloader.dataset.targets = str(tmp_path / 'nowhere')
    _, recorder = train(cfg)
    assert recorder.stages == ['host'] * 8


def test_missing_targets_stop_before_training(cifar_root, tmp_path):
    cfg = config(cifar_root, tmp_path)
    cfg.train_dataloader.dataset.targets = str(tmp_path / 'nowhere')
    with pytest.raises(UserError, match='gen_targets.py'):
        train(cfg)


def test_amp_loss_is_float32(cifar_root, tmp_path):
    cfg = config(cifar_root, tmp_path)
    model = Runner.from_cfg(cfg).model
    from mmpretrain.structures import DataSample
    sample = DataSample()
    sample.set_field(torch.randn(16), 'rela_target')
    with torch.autocast('cpu', torch.bfloat16):
        loss = model.loss([torch.randn(2, 3, 32, 32)], [sample, sample])
    assert loss['rela_loss'].dtype == torch.float32
