"""Scores are a validation to mmengine's hooks."""
from __future__ import annotations

import pytest
import torch
from hosts import hand_over_after, small_config
from mmengine.hooks import EMAHook
from mmengine.registry import HOOKS
from mmengine.runner import Runner
from recorder import train

from mmrela.engine.scores.online_score import OnlineScoreHook
from mmrela.errors import UserError


@HOOKS.register_module(force=True)
class Scripted(OnlineScoreHook):
    """Gives the scores that it is told, and notes the steps."""

    def __init__(self, script, **kwargs) -> None:
        super().__init__(**kwargs)
        self.script, self.steps = iter(script), []

    def names(self, runner):
        return ['knn_top1']

    def prepare(self, runner):
        pass

    def scores(self, runner):
        return dict(knn_top1=next(self.script))

    def _log(self, runner, step):
        self.steps.append(step)
        super()._log(runner, step)


def run(root, folder, script=(9.,) * 20, hook=(), **options):
    """Train on 16 images, two steps an epoch, under a scripted score."""
    cfg = small_config(
        'SimSiam', root, folder / 'run', **{
            'train_dataloader__dataset__indices': 16,
            'train_cfg__max_epochs': 4,
            'default_hooks__scripted': dict(
                type='Scripted', script=list(script), **dict(hook)),
            **hand_over_after(3, 8), **options})
    runner, _ = train(cfg)
    scripted, = (h for h in runner.hooks if isinstance(h, Scripted))
    return runner, scripted.steps


def files(folder):
    return sorted(f.name for f in (folder / 'run').glob('*.pth'))


def test_the_best_is_kept_and_a_resume_from_there_is_exact(cifar_root,
                                                            tmp_path):
    """A best at an epoch without a checkpoint leaves one, as mmengine has
    it; what goes on from there is the uninterrupted run.
    """
    options = dict(default_hooks__checkpoint__save_best='knn_top1',
                   default_hooks__checkpoint__interval=1)
    runner, steps = run(cifar_root, tmp_path, [90., 1., 3., 2., 1.],
                        **options)
    assert steps == [0, 2, 4, 6, 8]
    assert files(tmp_path) == [
        'best_knn_top1_epoch_2.pth', 'epoch_2.pth', 'epoch_3.pth',
        'epoch_4.pth']
    best, second = (torch.load(tmp_path / 'run' / name) for name in files(
        tmp_path)[:2])
    assert best['state_dict'].keys() == second['state_dict'].keys()
    for name, value in best['state_dict'].items():
        assert torch.equal(value, second['state_dict'][name]), name
    assert second['message_hub']['runtime_info']['best_score'] == 3
    resumed, steps = run(
        cifar_root, tmp_path, [5., 1.], resume=True,
        load_from=str(tmp_path / 'run' / 'epoch_2.pth'), **options)
    assert steps == [6, 8]
    assert 'best_knn_top1_epoch_3.pth' in files(tmp_path)
    assert 'best_knn_top1_epoch_2.pth' not in files(tmp_path)
    expected = runner.model.state_dict()
    for name, value in resumed.model.state_dict().items():
        assert torch.equal(value, expected[name]), name


def test_a_training_that_no_longer_gains_stops(cifar_root, tmp_path):
    runner, steps = run(
        cifar_root, tmp_path, [1., 3., 2., 2., 4.], custom_hooks=[dict(
            type='EarlyStoppingHook', monitor='knn_top1', patience=2)])
    assert steps == [0, 2, 4, 6]
    assert runner.epoch == 3


@pytest.mark.parametrize('hook, options, scored', [
    ({}, dict(train_cfg__val_interval=3), [0, 6, 8]),
    (dict(interval=3), {}, [0, 6, 8]),
    (dict(interval=3, by_epoch=False), {}, [0, 3, 6, 8]),
    ({}, dict(train_cfg=dict(_delete_=True, by_epoch=False, max_iters=7,
                             val_interval=3)), [0, 3, 6, 7]),
])
def test_intervals(cifar_root, tmp_path, hook, options, scored):
    """Those that fall within an epoch are logged, but no checkpoint's."""
    runner, steps = run(
        cifar_root, tmp_path, range(9), hook, **options,
        default_hooks__checkpoint__save_best='knn_top1')
    assert steps == scored
    last = len(scored) - 1
    assert runner.message_hub.get_info('best_score') == last
    assert runner.message_hub.get_scalar('val/knn_top1').current() == last


def test_averaged_weights_change_places_in_pairs(cifar_root, tmp_path):
    """EMAHook swaps them in before a validation, and out after it."""
    plain, _ = run(cifar_root, tmp_path)
    runner, _ = run(cifar_root, tmp_path, custom_hooks=[dict(type='EMAHook')])
    hook, = (h for h in runner.hooks if isinstance(h, EMAHook))
    assert hook.ema_model.steps > 0
    expected = plain.model.state_dict()
    for name, value in runner.model.state_dict().items():
        assert torch.equal(value, expected[name]), name


@pytest.mark.parametrize('options, words', [
    (dict(default_hooks__checkpoint__save_best='acc'),
     "save_best='acc'.*but knn_top1"),
    (dict(custom_hooks=[dict(type='EarlyStoppingHook', monitor='top')]),
     "monitor='top'"),
])
def test_scores_that_never_come_are_refused(cifar_root, tmp_path, options,
                                            words):
    with pytest.raises(UserError, match=words):
        run(cifar_root, tmp_path, **options)


def test_without_any_score_there_is_no_best(cifar_root, tmp_path):
    cfg = small_config('SimSiam', cifar_root, tmp_path / 'run',
                       default_hooks__checkpoint__save_best='auto')
    with pytest.raises(UserError, match='OnlineKNNHook'):
        Runner.from_cfg(cfg).train()


def test_a_second_validation_is_refused(cifar_root, tmp_path):
    cfg = small_config(
        'SimSiam', cifar_root, tmp_path / 'run',
        default_hooks__scripted=dict(type='Scripted', script=[]),
        val_cfg={}, val_evaluator=dict(type='Accuracy'), val_dataloader=dict(
            batch_size=8, sampler=dict(type='DefaultSampler', shuffle=False),
            dataset=dict(type='CIFAR10Binary', data_root=str(cifar_root),
                         split='test')))
    with pytest.raises(UserError, match='remove val_cfg'):
        Runner.from_cfg(cfg).train()
