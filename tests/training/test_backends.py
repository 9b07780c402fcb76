"""What mmengine's visualisers get of a run, through both stages."""
from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hosts import hand_over_after, small_config
from mmengine.runner import Runner

SCALARS = {'loss', 'rela_loss', 'lambda', 'lr'}


def train(cifar_root: Path, folder: Path, **backend) -> None:
    """Eight steps of RELA and eight of SimSiam, written by a backend."""
    cfg = small_config(
        'SimSiam', cifar_root, folder / 'run', train_cfg__max_epochs=2,
        visualizer__vis_backends=[dict(type='LocalVisBackend'), backend],
        **hand_over_after(8, 16))
    Runner.from_cfg(cfg).train()


def test_tensorboard(cifar_root, tmp_path):
    event_accumulator = pytest.importorskip(
        'tensorboard.backend.event_processing.event_accumulator')
    train(cifar_root, tmp_path, type='TensorboardVisBackend')
    events, = tmp_path.glob('run/**/events.out*')
    found = event_accumulator.EventAccumulator(str(events))
    found.Reload()
    assert SCALARS <= {*found.Tags()['scalars']}
    assert [row.step for row in found.Scalars('loss')] == [*range(1, 17)]
    assert len(found.Scalars('rela_loss')) == 8


def test_wandb(cifar_root, tmp_path, monkeypatch):
    """Without a network, as on a cluster's nodes."""
    wandb = pytest.importorskip('wandb')
    monkeypatch.setenv('WANDB_MODE', 'offline')
    monkeypatch.setenv('WANDB_SILENT', 'true')
    train(cifar_root, tmp_path, type='WandbVisBackend')
    wandb.finish()
    log, = tmp_path.glob('run/**/*.wandb')
    text = log.read_bytes()
    assert all(name.encode() in text for name in SCALARS)


def test_mlflow(cifar_root, tmp_path):
    mlflow = pytest.importorskip('mlflow')
    file = tmp_path / 'mlflow.db'
    train(cifar_root, tmp_path, type='MLflowVisBackend',
          tracking_uri=f'sqlite:///{file}',
          exp_name='rela', artifact_location=str(tmp_path / 'artifacts'))
    mlflow.end_run()
    with closing(sqlite3.connect(file)) as database:
        found = database.execute('select key, step from metrics').fetchall()
    assert SCALARS <= {key for key, _ in found}
    assert sorted(step for key, step in found if key == 'rela_loss') == [
        *range(1, 9)]
