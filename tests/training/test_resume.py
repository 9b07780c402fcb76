"""Killed in any stage, under any loader: as if nothing had been.

Three resumes from a training's checkpoints stand for three kills, since
all that a kill leaves is the last of them.
"""
from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hosts import HOSTS, hand_over_after, small_config
from mmengine.config import Config
from mmpretrain.models.selfsup import BYOL
from mmpretrain.registry import MODELS
from recorder import train
from torch import nn
from train_ranks import train_on_two_ranks

EPOCH, EPOCHS = 4, 4  # 32 images, in batches of eight over all ranks
SWITCH = 9  # and the batches in flight are of the third epoch
# Resumed after this epoch, a training was killed in the next.
KILLS = {1: 'in the RELA stage', 2: "in the hand-over's epoch",
         3: 'in the host stage'}
_WORKER = dict(train_dataloader__num_workers=1,
               train_dataloader__prefetch_factor=2)
LOADERS = dict(
    no_worker={},
    workers_of_an_epoch=_WORKER,
    persistent_workers=dict(
        _WORKER, train_dataloader__persistent_workers=True))
DRAWING = 'MoCo', 'DenseCL', 'Drawing'  # they draw in the main process


@MODELS.register_module(force=True)
class Drawing(BYOL):
    """A host of one's own that shuffles its batch and drops features."""

    def loss(self, inputs, data_samples, **kwargs):
        order = torch.randperm(len(inputs[0]))
        views = [nn.functional.dropout(view[order], 0.1) for view in inputs]
        return super().loss(views, data_samples, **kwargs)


def prepare(host: str, loader: str, cifar_root: Path, root: Path,
            ranks: int) -> list[Path]:
    """Folders of a whole training and of its resumes, to be trained in turn.

    Each has a ``config.py``; its work directory is ``work``.
    """
    folders = [root / name for name in ('whole', *map(str, KILLS))]
    for folder in folders:
        cfg = small_config(
            'BYOL' if host == 'Drawing' else host, cifar_root,
            folder / 'work', model__host=host,
            train_cfg__max_epochs=EPOCHS,
            train_dataloader__batch_size=8 // ranks,
            train_dataloader__dataset__indices=32,
            default_hooks__checkpoint__max_keep_ckpts=EPOCHS,
            **hand_over_after(SWITCH, EPOCH * EPOCHS), **LOADERS[loader])
        if folder.name != 'whole':
            cfg.resume = True
            cfg.load_from = str(
                root / 'whole' / 'work' / f'epoch_{folder.name}.pth')
        cfg.dump(str(folder / 'config.py'))
    return folders


def assert_the_same_end(folders: list[Path]) -> None:
    whole, *resumed = (torch.load(
        folder / 'work' / f'epoch_{EPOCHS}.pth') for folder in folders)
    assert whole['rela']['switch_step'] == SWITCH
    for folder, found in zip(folders[1:], resumed):
        differ = [name for name, value in whole['state_dict'].items()
                  if not torch.equal(value, found['state_dict'][name])]
        assert differ == [], f'killed {KILLS[int(folder.name)]}: {folder}'


def tiers(*loaders):
    """Hosts that draw, before persistent workers; the others are slow."""
    return [pytest.param(host, loader, marks=() if (
        host in DRAWING and loader == 'persistent_workers')
        else pytest.mark.slow)
        for host in (*HOSTS, 'Drawing') for loader in loaders]


@pytest.mark.parametrize('host, loader', tiers(*LOADERS))
def test_a_killed_training_ends_the_same(host, loader, cifar_root, tmp_path):
    folders = prepare(host, loader, cifar_root, tmp_path, ranks=1)
    for folder in folders:
        train(Config.fromfile(folder / 'config.py'))
    assert_the_same_end(folders)


@pytest.mark.parametrize('loader, hosts', [
    ('persistent_workers', DRAWING),
    *(pytest.param(name, (*HOSTS, 'Drawing'), marks=pytest.mark.slow)
      for name in LOADERS)])
def test_on_two_ranks(loader, hosts, cifar_root, tmp_path):
    """Many trainings in one launch."""
    prepared = [prepare(host, loader, cifar_root, tmp_path / host, ranks=2)
                for host in hosts]
    train_on_two_ranks(sum(prepared, []), tmp_path)
    for folders in prepared:
        assert_the_same_end(folders)
        for folder in folders:
            first, second = (torch.load(folder / f'rank{rank}.pth')
                             for rank in range(2))
            assert all(torch.equal(v, second[k]) for k, v in first.items())


@pytest.mark.parametrize('change, rela, host', [
    (dict(train_dataloader__batch_size=16), 4, 8),
    (dict(train_dataloader__batch_size=4), 16, 32),
    (dict(train_cfg__max_epochs=6), 8, 32),
    (dict(optim_wrapper__accumulative_counts=2), 8, 16)])
def test_a_fixed_share_of_other_steps(change, rela, host, cifar_root,
                                      tmp_path):
    """RELA has two of four epochs: one is over, of 8 steps.

    Two epochs that are added are the host's.
    """
    def config(name, **options):
        return small_config('BYOL', cifar_root, tmp_path / name, **{
            'train_cfg__max_epochs': 4, **options,
            'default_hooks__rela__schedule': dict(
                type='FixedLambda', fraction=0.5)})

    whole = train(config('whole', default_hooks__checkpoint__max_keep_ckpts=4)
                  )[1]
    assert whole.stages == ['rela'] * 16 + ['host'] * 16
    cfg = config('resumed', **change)
    cfg.resume, cfg.load_from = True, str(tmp_path / 'whole' / 'epoch_1.pth')
    assert train(cfg)[1].stages == ['rela'] * rela + ['host'] * host
