"""A dry run tells what the training then takes, and leaves nothing behind."""
from __future__ import annotations

import re

import pytest
import torch
from calls import ROOT, call, lines, shell
from hosts import HOSTS, hand_over_after, small_config
from recorder import train

from _lib.training.plan import Plan, checkpoints
from mmrela.engine.scores import OnlineKNNHook

MB = dict(B=1, kB=1e3, MB=1e6, GB=1e9, TB=1e12)


@pytest.fixture
def dry(tmp_path, capsys):
    """Run it on a config; its lines by their first words."""
    def run(cfg, *argv) -> dict[str, str]:
        file = tmp_path / 'dry_config.py'
        cfg.dump(str(file))
        before = sorted(tmp_path.rglob('*'))
        assert call('train', file, '--dry-run', *argv) == 0
        assert sorted(tmp_path.rglob('*')) == before
        said = lines(capsys.readouterr().out)
        return dict(line.split(': ', 1) for line in said)

    return run


def amount(text: str, what: str) -> float:
    number, unit = re.search(rf'([\d.]+) (\wB|B) {what}', text).groups()
    return float(number) * MB[unit]


def test_sizes_are_those_of_the_training(dry, cifar_root, tmp_path):
    options = dict(train_cfg__max_epochs=1, log_level='ERROR',
                   **hand_over_after(4, 8))
    cfg = small_config('BYOL', cifar_root, tmp_path / 'work', **options)
    told = dry(cfg)
    assert told['images'] == ('64, 8 a step of 1 process: 8 steps an epoch, '
                              '8 in all')
    assert told['hand-over'] == 'after step 4 of 8'
    assert re.match(r"[\d.]+ s an epoch of RELA's stage, [\d.]+ s an epoch of "
                    r"the host's; [\d.]+ s in all", told['time'])
    runner, _ = train(cfg)
    saved = torch.load(next((tmp_path / 'work').glob('epoch_1.pth')),
                       weights_only=True)
    state = sum(part.nbytes for each in saved['optimizer']['state'].values()
                for part in each.values())
    model = sum(tensor.nbytes for tensor in saved['state_dict'].values())
    weights = sum(p.nbytes for p in runner.model.parameters())
    memory, disk = told['memory'], told['disk']
    assert amount(memory, 'of parameters') == pytest.approx(weights, rel=.01)
    assert amount(memory, "of optimiser's") == pytest.approx(state, rel=.01)
    assert amount(disk, 'in all') == pytest.approx(model + state, rel=.01)
    assert disk.startswith('1 checkpoint of')
    assert f'{tmp_path}/work has ' in disk
    # The host sees two views, and keeps more of them.
    assert amount(memory, 'of activations of the') > 1.5 * amount(
        memory, 'of activations of RELA')


@pytest.mark.parametrize('host', [
    name if name in ('SwAV', 'MAE') else pytest.param(
        name, marks=pytest.mark.slow) for name in HOSTS if name != 'BYOL'])
def test_each_host(dry, host, cifar_root, tmp_path):
    told = dry(small_config(host, cifar_root, tmp_path / 'work',
                            train_cfg__max_epochs=2))
    assert told['hand-over'].startswith('not within this run')
    assert {*told} == {'images', 'hand-over', 'time', 'memory', 'disk'}


def test_nothing_is_scored_and_half_a_step_not_taken(dry, cifar_root,
                                                     tmp_path, monkeypatch):
    monkeypatch.delattr(OnlineKNNHook, 'scores')
    told = dry(small_config(
        'SimSiam', cifar_root, tmp_path / 'work', train_cfg__max_epochs=1,
        default_hooks__knn__type='OnlineKNNHook',
        default_hooks__checkpoint__save_best='knn_top1',
        optim_wrapper__accumulative_counts=8,
        custom_hooks=[dict(type='EarlyStoppingHook', monitor='knn_top1')]))
    assert told['disk'].startswith('2 checkpoints')
    assert "B of optimiser's state" in told['memory']


@pytest.mark.parametrize('fraction, stage', [(0, "the host's"),
                                             (1, "RELA's stage")])
def test_a_stage_that_there_will_not_be(dry, fraction, stage, cifar_root,
                                        tmp_path):
    cfg = small_config('SimSiam', cifar_root, tmp_path / 'work',
                       train_cfg__max_epochs=1,
                       **hand_over_after(8 * fraction, 8))
    if not fraction:
        cfg.train_dataloader.dataset.targets = str(tmp_path / 'none')
    told = dry(cfg)
    assert told['time'].count(' an epoch of ') == 1
    assert f' an epoch of {stage}' in told['time']


def test_a_training_without_rela(dry, cifar_root, tmp_path, capsys):
    file = ROOT / 'configs' / 'finetune' / 'resnet18_cifar10.py'
    options = [f'{split}_dataloader.{key}' for split in ('train', 'val')
               for key in (f'dataset.data_root={cifar_root}', 'num_workers=0',
                           'dataset.indices=64', 'batch_size=16')]
    assert call('train', file, '--dry-run', '--work-dir', tmp_path / 'no',
                '--cfg-options', 'model.backbone.init_cfg=None',
                'model.backbone.base_channels=8',
                'model.backbone.stem_channels=8', 'model.head.in_channels=64',
                *options) == 0
    said = capsys.readouterr().out
    assert 'hand-over' not in said and not (tmp_path / 'no').exists()
    assert '64, 16 a step of 1 process: 4 steps an epoch, 200 in all' in said
    assert 'disk: 2 checkpoints' in said  # the last, and the best


def test_what_the_training_refuses(mistake, cifar_root, tmp_path):
    cfg = small_config('SimSiam', cifar_root, tmp_path / 'work')
    cfg.train_dataloader.dataset.targets = str(tmp_path / 'none')
    cfg.dump(str(tmp_path / 'dry_config.py'))
    assert f"no targets at {tmp_path / 'none'}" in mistake(
        'train', tmp_path / 'dry_config.py', '--dry-run')


@pytest.mark.parametrize('hook, count', [
    ({}, 1), (dict(interval=1), 10), (dict(interval=3), 4),
    (dict(interval=3, save_last=False), 3),
    (dict(interval=1, max_keep_ckpts=3), 3),
    (dict(interval=5, save_best=['a', 'b']), 4),
    (dict(by_epoch=False, interval=20), 4)])
def test_checkpoints_that_will_be_there(hook, count):
    plan = Plan(64, 8, 1, 8, 80, 1, True, 0, 0)
    assert checkpoints(hook, plan) == count


@pytest.mark.slow
def test_several_processes_tell_once(cifar_root, tmp_path):
    cfg = small_config('BYOL', cifar_root, tmp_path / 'work',
                       train_cfg__max_epochs=2,
                       train_dataloader__num_workers=2)
    cfg.dump(str(tmp_path / 'dry_config.py'))
    done = shell('bash', 'tools/dist_train.sh', tmp_path / 'dry_config.py', 2,
                 '--dry-run')
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('images: 64, 16 a step of 2 processes: '
                             '4 steps an epoch, 8 in all') == 1
    assert done.stdout.count('disk:') == 1
    assert not (tmp_path / 'work').exists()
