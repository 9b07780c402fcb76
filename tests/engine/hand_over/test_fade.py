"""After the hand-over some steps are RELA's still, ever fewer."""
from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
import torch
from hosts import hand_over_after, small_config
from mmengine.config import ConfigDict
from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS
from recorder import Recorder, train
from train_ranks import train_on_two_ranks

from mmrela.engine.hand_over.fade import Fade, require_share
from mmrela.errors import UserError

SWITCH, STEPS = 6, 24  # of 3 epochs


def test_lambda_falls_in_a_line_from_the_hand_over_to_the_end():
    fade = Fade(0.5, first=100, steps=300, accumulation=1, seed=0)
    assert [fade.lam(step) for step in (0, 99, 100, 200, 300)] == [
        0, 0, 0.5, 0.25, 0]


@pytest.mark.parametrize('accumulation', [1, 4])
def test_as_many_steps_are_relas_as_lambda_says(accumulation):
    drawn = np.mean([Fade(0.8, 1000, 5000, accumulation, seed).relas()
                     for seed in range(20)], 0)
    assert not drawn[:1000].any()
    by_quarter = drawn[1000:].reshape(4, 1000).mean(1)
    assert by_quarter == pytest.approx([0.7, 0.5, 0.3, 0.1], abs=0.02)


def test_an_optimiser_step_is_of_one_stage():
    relas = Fade(0.5, 6, 32, accumulation=3, seed=1).relas()
    assert len(relas) == 32
    groups = [{*relas[i:i + 3]} for i in range(0, 32, 3)]
    assert all(len(group) == 1 for group in groups)


def test_none_without_a_hand_over_or_share():
    assert not Fade(1, 0, 20, 1, 0).relas().any()
    assert not Fade(1, 20, 20, 1, 0).relas().any()
    assert not Fade(0, 5, 20, 1, 0).relas().any()


@pytest.mark.parametrize('share, hold, reason', [
    (-0.1, 0, r'fade.*lie in \[0, 1\]'), (1.5, 0, 'fade'), ('1', 0, 'fade'),
    (True, 0, 'fade'), (0.5, 3, r'fade=0\.5 .*hold=3 .*set one')])
def test_refused(share, hold, reason):
    with pytest.raises(UserError, match=reason):
        require_share(share, hold)


@HOOKS.register_module(force=True)
class HostsOwn(Hook):
    """A hook of the host's recipe: prepares its steps, follows all."""

    def __init__(self):
        self.steps, self.after = [], []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.steps.append(runner.iter)

    def after_train_iter(self, runner, batch_idx, data_batch=None,
                         outputs=None):
        self.after.append(runner.iter)


class States(Recorder):
    """Weights before each step, and what hosts read of their progress."""
    priority = 'LOWEST'

    def __init__(self):
        super().__init__()
        self.weights, self.counts, self.lams = [], [], []

    def before_train_iter(self, runner, batch_idx, data_batch):
        super().before_train_iter(runner, batch_idx, data_batch)
        info = runner.message_hub.get_info
        self.weights.append({name: value.clone() for name, value
                             in runner.model.state_dict().items()})
        self.counts.append((info('iter'), info('max_iters')))

    def after_train_iter(self, runner, batch_idx, data_batch, outputs):
        super().after_train_iter(runner, batch_idx, data_batch, outputs)
        self.lams.append(
            runner.message_hub.get_scalar('train/lambda').current())


def config(cifar_root, work_dir, workers=0, **options):
    cfg = small_config('BYOL', cifar_root, work_dir, **{
        'default_hooks__rela__fade': 1.0,
        'train_dataloader__num_workers': workers,
        'train_dataloader__prefetch_factor': 2 if workers else None,
        'default_hooks__checkpoint__max_keep_ckpts': -1,
        **hand_over_after(SWITCH, STEPS), **options})
    cfg.train_cfg = ConfigDict(by_epoch=False, max_iters=STEPS)
    cfg.default_hooks.checkpoint.by_epoch = False
    cfg.custom_hooks = [dict(type='HostsOwn')]
    return cfg


@pytest.fixture(scope='module', params=[0, 2])
def whole(cifar_root, tmp_path_factory, request):
    """λ falls after step 6; with workers, the epoch's last 2 are RELA's."""
    cfg = config(cifar_root, tmp_path_factory.mktemp('fade') / 'work',
                 request.param)
    runner, states = train(cfg, States())
    first = SWITCH + min(2 * request.param, 8 - SWITCH)
    return cfg, runner, states, first


def test_stages_are_those_of_the_plan(whole):
    _, runner, states, first = whole
    seed = runner.train_dataloader.batch_sampler.sampler.seed
    fade = Fade(1.0, first, STEPS, 1, seed)
    relas = [stage == 'rela' for stage in states.stages]
    assert relas[:first] == [True] * first
    assert relas[first:] == fade.relas()[first:].tolist()
    assert 2 < sum(relas[first:]) < STEPS - first - 2
    assert states.lams == pytest.approx(
        [1] * first  # those in flight as well
        + [fade.lam(step) for step in range(first, STEPS)])


def test_each_stage_moves_its_own_heads(whole):
    _, runner, states, _ = whole
    after = [*states.weights[1:], runner.model.state_dict()]
    for stage, old, new in zip(states.stages, states.weights, after):
        moved = {name.split('.')[0] for name in old
                 if not torch.equal(old[name], new[name])}
        assert moved == dict(
            rela={'backbone', 'rela_head'},
            host={'backbone', 'neck', 'head', 'target_net'})[stage]


def test_the_host_counts_its_own_batches(whole):
    """So that BYOL's momentum comes to its end."""
    _, runner, states, _ = whole
    counts = [count for stage, count in zip(states.stages, states.counts)
              if stage == 'host']
    own = states.stages.count('host')
    assert counts == [(step, own) for step in range(own)]
    assert runner.model.target_net.steps == own
    [hook] = [h for h in runner.hooks if isinstance(h, HostsOwn)]
    assert hook.steps == [*range(own)]
    assert len(hook.after) == STEPS


def test_no_logged_loss_mixes_the_stages(whole):
    """The logger's means, of ten steps, begin anew with each stage."""
    cfg, _, states, _ = whole
    [file] = Path(cfg.work_dir).glob('*/vis_data/scalars.json')
    logged = [json.loads(line) for line in file.read_text().splitlines()]
    expected = []
    for _, steps in groupby(zip(states.stages, states.losses),
                            lambda step: step[0]):
        losses = [loss['loss'] for _, loss in steps]
        expected += [np.mean(losses[max(i - 10, 0):i])
                     for i in range(1, len(losses) + 1)]
    assert [row['loss'] for row in logged] == pytest.approx(expected)
    assert ['rela' if 'rela_loss' in row else 'host'
            for row in logged] == states.stages


@pytest.mark.parametrize('step', [3, 7, 15])
def test_resumes_anywhere(whole, cifar_root, tmp_path, step):
    cfg, runner, states, _ = whole
    resumed = config(cifar_root, tmp_path / 'work',
                     cfg.train_dataloader.num_workers)
    resumed.load_from = f'{cfg.work_dir}/iter_{step}.pth'
    resumed.resume = True
    again, tail = train(resumed, States())
    assert tail.stages == states.stages[step:]
    assert tail.samples == states.samples[step:]
    assert tail.losses == states.losses[step:]
    for name, value in runner.model.state_dict().items():
        assert torch.equal(value, again.model.state_dict()[name]), name


@pytest.mark.parametrize('share, steps', [(0.1, STEPS), (1., STEPS + 16)])
def test_what_was_drawn_before_a_resume_counts(
        whole, cifar_root, tmp_path, share, steps):
    """Another fade or length changes the steps that are to come alone."""
    cfg, _, states, _ = whole
    resumed = config(cifar_root, tmp_path / 'work',
                     cfg.train_dataloader.num_workers,
                     default_hooks__rela__fade=share)
    resumed.train_cfg.max_iters = steps
    resumed.load_from = f'{cfg.work_dir}/iter_15.pth'
    resumed.resume = True
    stages = states.stages[:15] + (tail := train(resumed, States())[1]).stages
    own = stages.count('host')
    assert [count for stage, count in zip(tail.stages, tail.counts)
            if stage == 'host'] == [
        (step, own) for step in range(stages[:15].count('host'), own)]


def test_larger_batches_after_a_resume(cifar_root, tmp_path):
    """Epochs are shorter then: the third ends at step 20, of 12 in all."""
    for resumed in (False, True):
        cfg = small_config('BYOL', cifar_root, tmp_path / 'work',
                           train_cfg__max_epochs=3,
                           default_hooks__rela__fade=1.0,
                           **hand_over_after(8, 24))
        if resumed:
            cfg.train_dataloader.batch_size = 16
            cfg.resume = True
            cfg.load_from = str(tmp_path / 'work/epoch_2.pth')
        runner, states = train(cfg, States())
    assert runner.iter == 20
    assert states.stages == ['host'] * 4
    assert states.lams[-4:] == [0] * 4


def test_a_plain_host_stays_plain(cifar_root, tmp_path):
    cfg = config(cifar_root, tmp_path / 'work', **hand_over_after(0, STEPS))
    assert train(cfg)[1].stages == ['host'] * STEPS


def test_two_ranks_stay_equal(cifar_root, tmp_path):
    """Each wrap of DDP sends the gradients of its own stage."""
    folders = [tmp_path / name for name in ('whole', 'resumed')]
    for folder in folders:
        cfg = config(cifar_root, folder / 'work',
                     train_dataloader__batch_size=4)
        if folder.name == 'resumed':
            cfg.resume = True
            cfg.load_from = str(tmp_path / 'whole/work/iter_12.pth')
        cfg.dump(str(folder / 'config.py'))
    train_on_two_ranks(folders, tmp_path)
    (first, second), resumed = ([torch.load(folder / f'rank{rank}.pth')
                                 for rank in range(2)] for folder in folders)
    alone = train(config(cifar_root, tmp_path / 'one/work'))[1]
    found = json.loads((folders[0] / 'rank1.json').read_text())
    assert found['stages'] == alone.stages
    for name, value in first.items():
        assert torch.equal(value, second[name]), name
        assert all(torch.equal(value, r[name]) for r in resumed), name
