"""What --resume goes on from, and what it trusts."""
from __future__ import annotations

from pathlib import Path

import pytest
import torch
from calls import call
from hosts import hand_over_after, small_config
from mmengine.config import Config
from mmengine.logging import HistoryBuffer


@pytest.fixture
def cfg(cifar_root, tmp_path) -> Config:
    return small_config(
        'BYOL', cifar_root, tmp_path / 'work', train_cfg__max_epochs=1,
        train_dataloader__dataset__indices=16, **hand_over_after(1, 4))


def train(cfg: Config, tmp_path: Path, *arguments, **options) -> int:
    cfg = cfg.copy()
    cfg.merge_from_dict({k.replace('__', '.'): v for k, v in options.items()})
    cfg.experiment_name = f'{tmp_path}{options}{arguments}'
    file = tmp_path / 'config_of_test.py'
    cfg.dump(str(file))
    return call('train', file, *arguments)


@pytest.mark.parametrize('written', [
    dict(out_dir='elsewhere'), dict(filename_tmpl='model_{}.pth'),
    dict(out_dir='elsewhere', filename_tmpl='model_{:03d}.pth')])
@pytest.mark.parametrize('how', ['--resume', 'resume = True'])
def test_a_requeued_job_goes_on(written, how, cfg, tmp_path, capsys):
    hook = cfg.default_hooks.checkpoint
    hook.update(written)
    if 'out_dir' in written:
        hook.out_dir = str(tmp_path / 'elsewhere')
    again = ['--resume'] if how == '--resume' else []
    cfg.resume = not again
    assert train(cfg, tmp_path, *again) == 0
    assert 'training begins afresh' in capsys.readouterr().out
    assert train(cfg, tmp_path, *again, train_cfg__max_epochs=2) == 0
    folder = tmp_path / ('elsewhere/work' if 'out_dir' in written else 'work')
    name = written.get('filename_tmpl', 'epoch_{}.pth').format(1)
    assert f'resuming from {folder}/{name}\n' in capsys.readouterr().out
    assert torch.load(folder / name.replace('1', '2'))['meta']['iter'] == 4


def test_trust_counts_for_load_from_before_the_first_checkpoint(
        cfg, tmp_path, capsys):
    foreign = tmp_path / 'foreign.pth'
    torch.save(dict(state_dict={}, log=HistoryBuffer([1], [1])), foreign)
    cfg.load_from = str(foreign)
    assert train(cfg, tmp_path, '--resume') == 2
    assert '--trust-checkpoint' in capsys.readouterr().err
    trusted = '--resume', '--trust-checkpoint'
    assert train(cfg, tmp_path, *trusted) == 0
    assert 'training begins afresh' in capsys.readouterr().out
    assert train(cfg, tmp_path, *trusted, train_cfg__max_epochs=2) == 0
    assert 'resuming from' in capsys.readouterr().out


def test_a_foreign_checkpoint_of_the_training_is_refused(
        cfg, tmp_path, capsys):
    (tmp_path / 'work').mkdir()
    torch.save(dict(log=HistoryBuffer([1], [1])),
               tmp_path / 'work' / 'epoch_1.pth')
    assert train(cfg, tmp_path, '--resume') == 2
    assert '--trust-checkpoint' in capsys.readouterr().err


def test_halves_that_a_kill_left_go_wherever_they_are(cfg, tmp_path):
    cfg.default_hooks.checkpoint.out_dir = str(tmp_path / 'elsewhere')
    half = tmp_path / 'elsewhere/work/epoch_1.pth.0123456789abcdef.tmp'
    half.parent.mkdir(parents=True)
    half.write_bytes(b'half')
    assert train(cfg, tmp_path, '--resume') == 0
    assert [file.name for file in half.parent.iterdir()] == ['epoch_1.pth']
