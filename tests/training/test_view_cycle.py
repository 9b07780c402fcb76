"""Trainings whose stored view changes: what is shown, and resuming."""
from __future__ import annotations

import numpy as np
import pytest
import torch
from hosts import HOSTS, small_config
from mmengine.hooks import Hook
from recorder import train
from stored_views import write_views

ALONE = dict(default_hooks__rela__schedule__type='FixedLambda',
             default_hooks__rela__schedule__fraction=1.)
N, EPOCHS = 64, 3


class Shown(Hook):
    """Views whose targets the batches of each epoch carried."""

    def __init__(self, vectors: np.ndarray) -> None:
        self.rows = {vector.tobytes(): row
                     for row, vector in enumerate(vectors)}
        self.views: list[set[int]] = []

    def before_train_epoch(self, runner) -> None:
        self.views.append(set())

    def before_train_iter(self, runner, batch_idx, data_batch) -> None:
        for sample in data_batch['data_samples']:
            target = np.asarray(sample.rela_target.cpu() if isinstance(
                sample.rela_target, torch.Tensor) else sample.rela_target)
            self.views[-1].add(self.rows[target.tobytes()] // N)


@pytest.mark.parametrize('leaf, loader', [
    ('byol_rela_r18_cifar10.py', dict(
        train_dataloader__num_workers=1,
        train_dataloader__persistent_workers=True)),
    ('byol_rela_r18_cifar10_device.py', {})], ids=['worker', 'device'])
def test_a_resumed_training_shows_what_the_whole_one_did(
        leaf, loader, cifar_root, tmp_path, monkeypatch):
    monkeypatch.setitem(HOSTS, 'leaf', (leaf, HOSTS['BYOL'][1]))

    def run(name: str, resume: str | None = None):
        cfg = small_config(
            'leaf', cifar_root, tmp_path / name / 'work',
            train_cfg__max_epochs=EPOCHS,
            train_dataloader__dataset__view_epochs=2,
            default_hooks__checkpoint__max_keep_ckpts=EPOCHS,
            **ALONE, **loader)
        shown = Shown(write_views(cfg, 2))
        cfg.resume, cfg.load_from = resume is not None, resume
        train(cfg, shown)
        return shown.views, torch.load(
            tmp_path / name / 'work' / f'epoch_{EPOCHS}.pth')['state_dict']

    views, whole = run('whole')
    assert views == [{0}, {0}, {1}]
    views, again = run(
        'resumed', str(tmp_path / 'whole' / 'work' / 'epoch_1.pth'))
    assert views == [{0}, {1}]
    assert all(torch.equal(whole[key], again[key]) for key in whole)
