"""Each host of the table: through the hand-over, resumed, on two ranks."""
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hosts import HOSTS, hand_over_after, small_config
from mmengine.runner import Runner
from mmpretrain.models.selfsup import BYOL
from mmpretrain.registry import MODELS

from mmrela.engine.hooks import AdaptiveLambdaHook
from mmrela.errors import UserError

ROOT = Path(__file__).parents[2]
TOTAL = 24  # steps: 3 epochs of 8


def config(host, cifar_root, work_dir, switch, **options):
    return small_config(
        host, cifar_root, work_dir, train_cfg__max_epochs=3,
        **hand_over_after(switch, TOTAL), **options)


def weights(file):
    return torch.load(file, weights_only=True)['state_dict']


def assert_same(ours, theirs):
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        assert torch.equal(value, theirs[name]), name


@pytest.mark.parametrize('host, switch', [
    *((host, 12) for host in HOSTS), ('BYOL', 4), ('BYOL', 20)])
def test_resume_continues_exactly(host, switch, cifar_root, tmp_path):
    """Checkpoint after epoch 1: past, before and long before λ falls."""
    whole = config(host, cifar_root, tmp_path / 'whole', switch)
    Runner.from_cfg(whole).train()
    part = config(host, cifar_root, tmp_path / 'part', switch)
    part.load_from = str(tmp_path / 'whole' / 'epoch_1.pth')
    part.resume = True
    part.experiment_name = 'resumed'
    runner = Runner.from_cfg(part)
    runner.train()
    hook = AdaptiveLambdaHook.of(runner)
    assert hook.switch_step == switch
    assert_same(weights(tmp_path / 'whole' / 'epoch_3.pth'),
                weights(tmp_path / 'part' / 'epoch_3.pth'))


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
    runner = Runner.from_cfg(config(
        'BYOL', cifar_root, tmp_path / 'own', 12, model__host=own_host))
    runner.train()
    log = runner.message_hub.log_scalars
    assert len(log['train/own_loss'].data[0]) == TOTAL - 12
    assert list(log['train/lambda'].data[0]) == [1] * 11 + [0] * 13


def test_log_survives_a_resume(cifar_root, tmp_path):
    Runner.from_cfg(config('BYOL', cifar_root, tmp_path / 'w', 12)).train()
    again = config('BYOL', cifar_root, tmp_path / 'again', 12)
    again.load_from = str(tmp_path / 'w' / 'epoch_2.pth')
    again.resume = True
    again.experiment_name = 'again'
    runner = Runner.from_cfg(again)
    runner.train()
    log = runner.message_hub.log_scalars
    assert list(log['train/lambda'].data[0]) == [1] * 11 + [0] * 13


def test_weights_alone_do_not_bring_back_lambda(cifar_root, tmp_path):
    """load_from without resume fine-tunes: the rule starts afresh."""
    Runner.from_cfg(config('BYOL', cifar_root, tmp_path / 'w', 4)).train()
    cfg = config('BYOL', cifar_root, tmp_path / 'new', 20)
    cfg.load_from = str(tmp_path / 'w' / 'epoch_3.pth')
    cfg.experiment_name = 'fine-tuned'
    runner = Runner.from_cfg(cfg)
    runner.train()
    hook = AdaptiveLambdaHook.of(runner)
    assert hook.switch_step == 20


@pytest.mark.parametrize('change, reason', [
    (lambda found: found['rela'].update(rule='AdaptiveLambda'),
     'type=AdaptiveLambda, not FixedLambda'),
    (lambda found: found.pop('rela'), 'without RELA')])
def test_resume_refuses_another_rule(change, reason, cifar_root, tmp_path):
    cfg = config('BYOL', cifar_root, tmp_path / 'w', 4)
    cfg.train_cfg.max_epochs = 1
    Runner.from_cfg(cfg).train()
    cfg.load_from, cfg.resume = str(tmp_path / 'w' / 'epoch_1.pth'), True
    checkpoint = torch.load(cfg.load_from)
    change(checkpoint)
    torch.save(checkpoint, cfg.load_from)
    cfg.experiment_name = 'again'
    with pytest.raises(UserError, match=f'{reason}.*load_from'):
        Runner.from_cfg(cfg).train()


@pytest.fixture(scope='module')
def two_ranks(cifar_root, tmp_path_factory):
    """What both ranks saw and learnt, of all hosts in one launch."""
    root = tmp_path_factory.mktemp('ranks')
    for host in HOSTS:
        cfg = config(host, cifar_root, root / host / 'work', 5,
                     train_dataloader__num_workers=1,
                     train_dataloader__prefetch_factor=2,
                     train_dataloader__batch_size=4,
                     experiment_name=host, log_level='INFO')
        cfg.dump(str(root / host / 'config.py'))
    script = Path(__file__).parents[1] / 'train_rank.py'
    subprocess.run(
        [sys.executable, '-m', 'torch.distributed.run', '--nproc_per_node=2',
         '--master_port=29517', str(script), *(str(root / h) for h in HOSTS)],
        check=True, cwd=ROOT, timeout=500,
        env=dict(os.environ, OMP_NUM_THREADS='1', PYTHONPATH=str(ROOT)))
    return root


@pytest.mark.parametrize('host', HOSTS)
def test_two_ranks_switch_together_and_stay_equal(host, two_ranks):
    ranks = [json.loads((two_ranks / host / f'rank{i}.json').read_text())
             for i in range(2)]
    assert ranks[0] == ranks[1]
    assert ranks[0]['stages'] == ['rela'] * 7 + ['host'] * 17
    assert_same(*(torch.load(two_ranks / host / f'rank{i}.pth')
                  for i in range(2)))
