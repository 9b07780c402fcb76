"""Each host of the table: through the hand-over, resumed, on two ranks."""
from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from hosts import HOSTS, hand_over_after, small_config
from mmengine.config import Config
from mmengine.runner import Runner
from mmpretrain.models.selfsup import BYOL
from mmpretrain.registry import MODELS
from recorder import Recorder, train
from train_ranks import train_on_two_ranks

from mmrela.engine.hooks import AdaptiveLambdaHook
from mmrela.errors import UserError

TOTAL = 24  # steps: 3 epochs of 8


def config(host, cifar_root, work_dir, switch, **options):
    return small_config(host, cifar_root, work_dir, **{
        'train_cfg__max_epochs': 3, **hand_over_after(switch, TOTAL),
        **options})


def weights(file):
    return torch.load(file, weights_only=True)['state_dict']


def assert_same(ours, theirs):
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        assert torch.equal(value, theirs[name]), name


@dataclass
class Whole:
    """A training that nothing disturbed, and what it left."""
    host: str
    switch: int
    work_dir: Path
    cfg: Config
    recorder: Recorder

    def resumed_from(self, epoch, cifar_root, work_dir):
        """A config that goes on from a checkpoint."""
        cfg = config(self.host, cifar_root, work_dir, self.switch)
        cfg.load_from = str(self.work_dir / f'epoch_{epoch}.pth')
        cfg.resume = True
        return cfg


@pytest.fixture(scope='module')
def whole(cifar_root, tmp_path_factory):
    """The whole training of a host and a switch step, each done once."""
    @functools.cache
    def run(host, switch):
        work_dir = tmp_path_factory.mktemp(f'{host}-{switch}') / 'work'
        cfg = config(host, cifar_root, work_dir, switch)
        return Whole(host, switch, work_dir, cfg.copy(), train(cfg)[1])

    return run


def log_of_lambda(switch):
    """λ after each step: 1 until the rule lets it fall."""
    return [1] * (switch - 1) + [0] * (TOTAL - switch + 1)


@pytest.mark.parametrize('host, switch', [
    *((host, 12) for host in HOSTS), ('BYOL', 4), ('BYOL', 20)])
def test_a_training_and_its_resume(host, switch, whole, cifar_root, tmp_path):
    """Checkpoint after epoch 1: past, before and long before λ falls.

    After a resume, weights are the same to the bit, and the log is whole.
    """
    first = whole(host, switch)
    assert first.recorder.stages == (
        ['rela'] * switch + ['host'] * (TOTAL - switch))
    assert_first_host_loss_is_the_plain_hosts(first)
    runner, _ = train(first.resumed_from(1, cifar_root, tmp_path / 'part'))
    assert AdaptiveLambdaHook.of(runner).switch_step == switch
    assert_same(weights(first.work_dir / 'epoch_3.pth'),
                weights(tmp_path / 'part' / 'epoch_3.pth'))
    log = runner.message_hub.log_scalars['train/lambda']
    assert list(log.data[0]) == log_of_lambda(switch)


def assert_first_host_loss_is_the_plain_hosts(whole):
    """Some shuffle or mix their batches, hence the random states."""
    state, data, *random_states = whole.recorder.first
    model = whole.cfg.model.copy()
    model.update(type=model.pop('host'),
                 data_preprocessor=whole.cfg.data_preprocessor)
    model.pop('rela_head')
    if whole.host == 'DenseCL':  # its hook's first steps
        model.loss_lambda = 0.
    plain = MODELS.build(model).train()
    assert plain.load_state_dict(state, strict=False).missing_keys == []
    torch.set_rng_state(random_states[0])
    np.random.set_state(random_states[1])
    losses = plain(**plain.data_preprocessor(data, True), mode='loss')
    got = whole.recorder.losses[whole.switch]
    assert {k: v.item() for k, v in losses.items()} == {
        k: got[k] for k in losses}


@pytest.fixture
def own_host():
    """An algorithm that only this test knows, registered for a while."""

    class OwnHost(BYOL):

        def loss(self, inputs, data_samples):
            return dict(own_loss=super().loss(inputs, data_samples)['loss'])

    MODELS.register_module(module=OwnHost)
    yield 'OwnHost'
    MODELS.module_dict.pop('OwnHost')


def test_a_users_own_host_trains_through(own_host, cifar_root, tmp_path):
    runner, _ = train(config(
        'BYOL', cifar_root, tmp_path / 'own', 12, model__host=own_host))
    log = runner.message_hub.log_scalars
    assert len(log['train/own_loss'].data[0]) == TOTAL - 12
    assert list(log['train/lambda'].data[0]) == log_of_lambda(12)


def test_log_survives_a_resume_after_the_hand_over(
        whole, cifar_root, tmp_path):
    again = whole('BYOL', 12).resumed_from(2, cifar_root, tmp_path / 'again')
    log = train(again)[0].message_hub.log_scalars
    assert list(log['train/lambda'].data[0]) == log_of_lambda(12)


def test_weights_alone_do_not_bring_back_lambda(whole, cifar_root, tmp_path):
    """load_from without resume fine-tunes: the rule starts afresh."""
    cfg = config('BYOL', cifar_root, tmp_path / 'new', 20)
    cfg.load_from = str(whole('BYOL', 4).work_dir / 'epoch_3.pth')
    assert AdaptiveLambdaHook.of(train(cfg)[0]).switch_step == 20


@pytest.mark.parametrize('change, reason', [
    (lambda found: found['rela'].update(rule='AdaptiveLambda'),
     'type=AdaptiveLambda, not FixedLambda'),
    (lambda found: found.pop('rela'), 'without RELA')])
def test_resume_refuses_another_rule(change, reason, whole, cifar_root,
                                     tmp_path):
    cfg = whole('BYOL', 4).resumed_from(1, cifar_root, tmp_path / 'work')
    checkpoint = torch.load(cfg.load_from)
    change(checkpoint)
    cfg.load_from = str(tmp_path / 'changed.pth')
    torch.save(checkpoint, cfg.load_from)
    with pytest.raises(UserError, match=f'{reason}.*load_from'):
        Runner.from_cfg(cfg).train()


def test_two_ranks_switch_together_and_stay_equal(cifar_root, tmp_path):
    """All hosts in one launch."""
    for host in HOSTS:
        config(host, cifar_root, tmp_path / host / 'work', 5,
               train_cfg__max_epochs=2, train_dataloader__num_workers=1,
               train_dataloader__prefetch_factor=2,
               train_dataloader__batch_size=4,
               log_level='INFO').dump(str(tmp_path / host / 'config.py'))
    train_on_two_ranks([tmp_path / host for host in HOSTS], tmp_path)
    for host in HOSTS:
        ranks = [json.loads((tmp_path / host / f'rank{i}.json').read_text())
                 for i in range(2)]
        assert ranks[0] == ranks[1], host
        assert ranks[0]['stages'] == ['rela'] * 7 + ['host'] * 9, host
        assert_same(*(torch.load(tmp_path / host / f'rank{i}.pth')
                      for i in range(2)))
