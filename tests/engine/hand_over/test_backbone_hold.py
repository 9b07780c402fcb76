"""The backbone stays as RELA left it while the host's heads warm up."""
from __future__ import annotations

import pytest
import torch
from hosts import hand_over_after, small_config
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner
from recorder import train
from torch import nn
from train_ranks import train_on_two_ranks

from mmrela.engine.hand_over.backbone_hold import BackboneHold
from mmrela.errors import UserError

SWITCH, HOLD, TOTAL = 6, 5, 24  # of 3 epochs; held over the first one's end


class States(Hook):
    """Weights before each step; of the backbone, and of the host's neck."""
    priority = 'LOWEST'

    def __init__(self):
        self.backbone, self.neck = [], []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        for states, part in ((self.backbone, runner.model.backbone),
                             (self.neck, runner.model.neck)):
            states.append({name: value.clone() for name, value in
                           part.state_dict().items()})


def config(cifar_root, work_dir, hold=HOLD, **options):
    return small_config('BYOL', cifar_root, work_dir, **{
        'train_cfg__max_epochs': 3, 'default_hooks__rela__hold': hold,
        **hand_over_after(SWITCH, TOTAL), **options})


def changes(states):
    """Steps that changed any weight or running statistic."""
    return [step for step, (a, b) in enumerate(zip(states, states[1:]))
            if any(not torch.equal(value, b[name])
                   for name, value in a.items())]


@pytest.mark.parametrize('accumulation, held', [
    (1, range(6, 11)), (2, range(6, 16))])
def test_the_backbone_stays_and_the_heads_move(cifar_root, tmp_path,
                                               accumulation, held):
    cfg = config(cifar_root, tmp_path / 'work',
                 optim_wrapper__accumulative_counts=accumulation,
                 **hand_over_after(SWITCH // accumulation,
                                   TOTAL // accumulation))
    _, states = train(cfg, States())
    steps = range(TOTAL - 1)
    # BN's running statistics move with each batch that is not held.
    assert changes(states.backbone) == [i for i in steps if i not in held]
    assert changes(states.neck)[0] >= SWITCH
    assert set(changes(states.neck)) >= {*held}


def test_a_resume_within(cifar_root, tmp_path):
    train(config(cifar_root, tmp_path / 'whole/work'))
    cfg = config(cifar_root, tmp_path / 'part/work')
    cfg.resume = True
    cfg.load_from = str(tmp_path / 'whole/work/epoch_1.pth')
    train(cfg)
    whole, part = (torch.load(tmp_path / name / 'work' / 'epoch_3.pth')
                   for name in ('whole', 'part'))
    for name, value in whole['state_dict'].items():
        assert torch.equal(value, part['state_dict'][name]), name


def test_two_ranks_stay_equal(cifar_root, tmp_path):
    folder = tmp_path / 'two'
    cfg = config(cifar_root, folder / 'work', train_dataloader__batch_size=4)
    cfg.dump(str(folder / 'config.py'))
    assert Config.fromfile(folder / 'config.py').default_hooks.rela.hold
    train_on_two_ranks([folder], tmp_path)
    first, second = (torch.load(folder / f'rank{rank}.pth')
                     for rank in range(2))
    assert all(torch.equal(v, second[k]) for k, v in first.items())
    _, states = train(config(cifar_root, tmp_path / 'one/work'), States())
    begin = states.backbone[SWITCH]
    assert any(not torch.equal(first[f'backbone.{name}'], value)
               for name, value in begin.items()
               if f'backbone.{name}' in first)


def test_a_plain_host_is_not_held(cifar_root, tmp_path):
    cfg = config(cifar_root, tmp_path / 'work', train_cfg__max_epochs=1,
                 **hand_over_after(0, 8))
    _, states = train(cfg, States())
    assert changes(states.backbone) == [*range(7)]


@pytest.mark.parametrize('hold', [-1, 2.5, '10'])
def test_a_number_that_is_none(hold, cifar_root, tmp_path):
    with pytest.raises(UserError, match=r'default_hooks\.rela\.hold'):
        Runner.from_cfg(config(cifar_root, tmp_path / 'work', hold))


def test_a_host_without_heads_is_refused():
    model = nn.Module()
    model.backbone, model.rela_head = nn.Linear(2, 2), nn.Linear(2, 2)
    BackboneHold(0).require(model)
    with pytest.raises(UserError, match='has no heads'):
        BackboneHold(3).require(model)
    model.neck = nn.Linear(2, 2)
    BackboneHold(3).require(model)


def test_what_was_frozen_stays_frozen():
    model = nn.Module()
    model.backbone = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model.backbone[0].requires_grad_(False)
    hold = BackboneHold(2)
    for step, held in ((None, False), (0, True), (1, True), (2, False)):
        assert hold.enter(model, step) is held
        assert [p.requires_grad for p in model.backbone.parameters()] == [
            False, False, not held, not held]
        assert model.backbone.training is not held
