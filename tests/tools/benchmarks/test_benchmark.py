"""Each sub-command on tiny sizes, and the arithmetic of intervals."""
from __future__ import annotations

import argparse
import inspect
import itertools
import json
import time

import numpy as np
import pytest
import torch
from calls import CIFAR, call, cifar
from mmengine.registry import HOOKS

from _lib.benchmarks import epoch as _benchmark_epoch
from _lib.benchmarks import features as _benchmark_features
from _lib.benchmarks import imagenet as _benchmark_imagenet
from _lib.benchmarks import live_teacher as _live_teacher
from _lib.benchmarks import pca as _benchmark_pca
from _lib.benchmarks import photos as _benchmark_photos
from _lib.benchmarks import scale as _benchmark_scale
from _lib.benchmarks import step as _benchmark_step
from _lib.benchmarks import synthetic as _benchmark_synthetic
from _lib.benchmarks.baselines import dali
from _lib.benchmarks.plan import Plan, Ratio, coverage, interleave
from _lib.benchmarks.report import markdown
from _lib.benchmarks.variants import plain_host
from _lib.config import load_config
from mmrela.datasets.rela_target import RelaTargetDataset
from mmrela.errors import UserError
from mmrela.priors import build_prior

SMALL = ['train_dataloader.batch_size=4', 'model.backbone.base_channels=8',
         'model.backbone.stem_channels=8', 'model.neck.in_channels=64',
         'model.neck.hid_channels=16', 'model.rela_head.out_channels=8']


@pytest.fixture
def benchmark(tmp_path, capsys):
    """Run a sub-command; what it printed, and what it wrote."""

    def run(*argv):
        file = tmp_path / 'result.json'
        assert call('benchmark', *argv, '--pairs', 2, '--out', file) == 0
        return capsys.readouterr().out, json.loads(file.read_text())

    return run


@pytest.fixture
def small_cfg():
    return load_config(argparse.Namespace(config=CIFAR, cfg_options=SMALL))


@pytest.mark.parametrize('rounds', [1, 2, 5, 6, 7])
def test_interval_is_that_of_the_quotients(rounds):
    rng = np.random.default_rng(rounds)
    a, b = rng.uniform(1, 2, (2, rounds))
    found = Ratio('a/b', 'a', 'b').measure(
        dict(a=a.tolist(), b=b.tolist(), c=[0.] * rounds))
    ordered = sorted((a / b).tolist())
    middle = (ordered[(rounds - 1) // 2] + ordered[rounds // 2]) / 2
    assert found['ratio'] == pytest.approx(middle, rel=1e-12)
    assert (found['low'], found['high']) == (ordered[0], ordered[-1])


@pytest.mark.parametrize('rounds', [1, 2, 5, 7])
def test_coverage_counts_all_ways_to_lie_around_the_median(rounds):
    ways = list(itertools.product([False, True], repeat=rounds))
    around = sum(any(way) and not all(way) for way in ways)
    assert coverage(rounds) == around / len(ways)


def test_cases_take_turns_of_the_least_length(clock):
    seen = []

    def case(name, seconds):
        seen.append(name)
        time.sleep(seconds)

    seconds = interleave(dict(a=lambda: case('a', 2.),
                              b=lambda: case('b', 0.5)), 3, 1., 2)
    assert seen == ['a'] * 2 + ['b'] * 2 + ['a', 'b', 'b'] * 3
    assert seconds == dict(a=[2.] * 3, b=[0.5] * 3)


def test_table_tells_medians_and_what_is_missing():
    ours, theirs = iter([3., 1., 2.]), iter([1., 1., 4.])
    plan = Plan('A title', {}, [Ratio('speed', 'x', 'y'),
                                Ratio('unknown', 'x', 'z')],
                10, missing=dict(z='not installed'))
    result = plan.run(1, 0.)
    result['seconds'] = dict(x=list(ours), y=list(theirs))
    result['ratios'] = [plan.ratios[0].measure(result['seconds'])]
    text = markdown(dict(result, rounds=3, coverage=coverage(3)))
    assert '| x | 2 | 1 | 3 | 5 |' in text
    assert '| z | not installed |  |  |  |' in text
    assert '| speed | 1.000 | 0.500 to 3.000 |' in text
    assert 'interval (75 %)' in text and 'A title' in text


@pytest.mark.parametrize('views', [1, 2])
def test_bare_loop_does_what_a_rela_step_does(small_cfg, views):
    model = _benchmark_step.build(small_cfg)
    bare = _benchmark_step.BareLoop(small_cfg, model)
    batch = _benchmark_step.rela_batch(small_cfg, 32, views)
    assert len(batch['inputs']) == views
    before = model.backbone.conv1.weight.clone()
    step = _benchmark_step.trainer(small_cfg, model, batch)
    for _ in range(2):
        step()
        bare.step(batch['inputs'], _benchmark_step.targets_of(batch))
    assert not torch.equal(before, model.backbone.conv1.weight)
    assert_close(model.backbone, bare.net.backbone)
    assert_close(model.rela_head.fc, bare.net.fc)


def assert_close(ours, theirs):
    for name, value in ours.state_dict().items():
        torch.testing.assert_close(theirs.state_dict()[name], value,
                                   rtol=1e-4, atol=1e-5, msg=name)


def test_step(benchmark):
    out, result = benchmark('step', '--seconds', 0, '--cfg-options', *SMALL)
    assert '| RELA / BYOL, two views |' in out
    assert list(result['seconds']) == [
        'RELA, one view', 'bare loop, one view', 'RELA, two views',
        'bare loop, two views', 'plain BYOL', 'BYOL after RELA']
    assert [(r['of'], r['to']) for r in result['ratios']] == [
        ('RELA, one view', 'bare loop, one view'),
        ('RELA, two views', 'bare loop, two views'),
        ('BYOL after RELA', 'plain BYOL'), ('RELA, one view', 'plain BYOL'),
        ('RELA, two views', 'plain BYOL')]
    assert all(len(s) == 2 for s in result['seconds'].values())


def test_plain_host_and_ours_take_the_same_step(small_cfg):
    plain, ours = _benchmark_step.same_weights(
        small_cfg, _benchmark_step.rela_batch(small_cfg, 32, 1))
    _benchmark_step.MessageHub.get_current_instance().update_info(
        'max_iters', 10)
    batch = _benchmark_step.batch_of(
        small_cfg, small_cfg.train_dataloader.dataset.pipeline, 32)
    for model in (plain, ours):
        _benchmark_step.trainer(small_cfg, model, batch)()
    ours = ours.state_dict()
    assert type(plain).__name__ == 'BYOL'
    assert all(torch.equal(value, ours[key])
               for key, value in plain.state_dict().items())


def test_plain_host_has_nothing_of_ours(small_cfg):
    small_cfg.train_dataloader.dataset.update(
        prior='random:0', late_decoding=True, view_epochs=2)
    plain = plain_host(small_cfg)
    assert not {*inspect.signature(RelaTargetDataset).parameters} & {
        *plain.train_dataloader.dataset}
    assert not [hook for hook in plain.default_hooks.values()
                if HOOKS.get(hook.type).__module__.startswith('mmrela')]


def test_live_teacher(benchmark, small_cfg, monkeypatch):
    """The prior has no part in one case, and one in each step of the other."""
    seen = []
    looked = _live_teacher.live_targets

    def counted(prior, view, width):
        targets = looked(prior, view, width)

        def call():
            seen.append(targets())
            return seen[-1]

        return call

    monkeypatch.setattr(_live_teacher, 'live_targets', counted)
    out, result = benchmark('step', '--live-teacher', 'random,size=16',
                            '--seconds', 0, '--cfg-options', *SMALL)
    live = 'RELA, random:0 in every step'
    assert list(result['seconds']) == [_live_teacher.CACHED, live]
    assert f'| {live} / {_live_teacher.CACHED} |' in out
    assert '(4, 3, 32, 32), random:0 at 16 x 16' in out
    assert len(seen) == 3 + 2 and seen[0].shape == (4, 8)


@pytest.mark.parametrize('side', [16, 32])
def test_live_targets_are_of_the_views(small_cfg, side):
    prior = build_prior(f'random,size={side}', None, None, small_cfg)
    view = torch.randint(256, (4, 3, 32, 32), dtype=torch.uint8)
    torch.manual_seed(0)
    found = _live_teacher.live_targets(prior, view, 8)()
    torch.manual_seed(0)
    projection = torch.randn(64, 8)
    # An even shrinking without antialiasing takes the mean of the middle.
    seen = view.float() / 255
    if side == 16:
        seen = torch.nn.functional.avg_pool2d(seen, 2)
    torch.testing.assert_close(found, prior.model(seen) @ projection)


def test_live_teacher_is_one_model(small_cfg):
    prior = build_prior('random + random:1', None, None, small_cfg)
    with pytest.raises(UserError, match='random:0 .* one model'):
        _live_teacher.seen_by(prior, 32)


def test_pca(benchmark):
    out, result = benchmark('pca', '--samples', 90, '--dim', 12,
                            '--components', 5, '--seconds', 0)
    assert '| BatchPCA / X^T X and eigh |' in out
    assert 'against SVD in float64' in out
    assert result['images'] == 90 and len(result['seconds']['BatchPCA']) == 2


def test_projection_error_sees_a_wrong_projection(monkeypatch):
    x = _benchmark_pca.features(40, 6)
    assert _benchmark_pca.projection_error(x, 3) < 1e-12

    def off(rows, components):
        pca = fit(rows, components)
        pca._projection[0, 2] += 0.01
        return pca

    fit = _benchmark_pca.fit
    monkeypatch.setattr(_benchmark_pca, 'fit', off)
    assert _benchmark_pca.projection_error(x, 3) > 1e-4


def test_too_many_components_are_refused(capsys):
    assert call('benchmark', 'pca', '--dim', 8) == 2
    assert '--components 512: choose 1 to 8' in capsys.readouterr().err


def test_features(benchmark, cifar_root, tmp_path):
    out, result = benchmark('features', '--prior', 'random,size=16',
                            *cifar(cifar_root, tmp_path / 'none'))
    assert "images/s of gen_targets.py's pass / of a" in out
    assert result['images'] == 16
    assert list(result['seconds']) == [_benchmark_features.PASS,
                                       _benchmark_features.BARE]
    assert not (tmp_path / 'none').exists()


def test_the_bare_loop_gives_the_pass_features(small_cfg, cifar_root):
    small_cfg.merge_from_dict({'train_dataloader.dataset.data_root':
                               str(cifar_root),
                               'train_dataloader.dataset.indices': 150})
    cases = _benchmark_features.plan(small_cfg, 'random,size=16').cases
    ours, bare = (torch.cat(cases[name]()) for name in (
        _benchmark_features.PASS, _benchmark_features.BARE))
    assert ours.shape == (150, 64) and torch.equal(ours, bare)


def test_loader(benchmark, cifar_root, tmp_path):
    out, result = benchmark(
        'loader', '--seconds', 0, *cifar(cifar_root, tmp_path / 'none'))
    assert '| batched / mmpretrain in images/s, weak views |' in out
    assert result['images'] == 8
    assert list(result['seconds']) == [
        f'{stage}, {path}' for path in ('mmpretrain', 'batched')
        for stage in ('weak views', "host's views")]
    assert not (tmp_path / 'none').exists()


def test_loader_of_photos(benchmark, monkeypatch):
    monkeypatch.setattr(_benchmark_imagenet, 'COUNT', 2)
    monkeypatch.setattr(_benchmark_imagenet, 'find_spec', lambda name: None)
    out, result = benchmark('loader', '--data', 'imagenet', '--seconds', 0)
    assert list(result['seconds']) == [
        'weak view, mmpretrain', "host's views, mmpretrain",
        'weak view, late decoding', 'weak view, copy of 256 pixels',
        "host's views, copy of 256 pixels",
        *(f"host's views, colours on the device{how}"
          for how in ('', ', OpenCV', ', OpenCV, copy')),
        'weak view, torchvision v2']
    assert '| weak view, DALI | not installed: pip' in out
    assert [r['of'] for r in result['ratios']] == [
        *['weak view, mmpretrain'] * 3, *["host's views, mmpretrain"] * 4]


def test_dali_makes_a_view_of_each_file(tmp_path):
    pytest.importorskip('nvidia.dali')
    folder = _benchmark_photos.write_photos(tmp_path, 2)
    views, = dali.weak(sorted(map(str, folder.rglob('*.jpg'))))()
    assert [*map(tuple, views.shape())] == [(224, 224, 3)] * 2


def test_needs_grow_with_the_gpus():
    rates = {'weak view, mmpretrain': 500., 'weak view, copy of 256 pixels':
             1000.}
    one, small, *_ = _benchmark_scale.needs(1, 900., rates)
    assert one[2:] == ['900', '2', '28', '99', '141']
    assert small[3:] == ['1', '12', '41', '59']
    assert _benchmark_scale.needs(8, 900., rates)[0][2:] == [
        '7200', '14', '225', '792', '141']


def test_what_is_ours_at_scale(tmp_path):
    found = _benchmark_synthetic.measure(tmp_path / 'a', 9000, 4, 2, 8, 10)
    assert {*found} == {'start', 'epoch', 'samples', 'sampler', 'hook',
                        'memory'}
    assert all(value >= 0 for value in found.values())
    assert 0 < found['sampler'] < found['samples']


def test_fewer_images_than_a_batch_are_refused(cifar_root, tmp_path, capsys):
    options = cifar(cifar_root, tmp_path)[:-1]
    assert call('benchmark', 'loader', *options) == 2
    assert 'train_dataloader.batch_size' in capsys.readouterr().err


@pytest.mark.slow  # five Runners
def test_epochs_that_cannot_run_say_why(cifar_root, small_cfg, tmp_path,
                                        monkeypatch):
    def fails(cfg, folder, name, rounds):
        raise UserError(f'{name} cannot')

    monkeypatch.setattr(_benchmark_epoch, 'started', fails)
    monkeypatch.setattr(_benchmark_epoch, 'find_spec', lambda name: None)
    with pytest.raises(UserError, match='plain mmpretrain cannot'):
        _benchmark_epoch.plan(small_cfg, tmp_path, 1)


def test_epoch(benchmark, cifar_root, tmp_path, monkeypatch):
    monkeypatch.setattr(_benchmark_epoch, 'find_spec', lambda name: None)
    out, result = benchmark(
        'epoch', *cifar(cifar_root, tmp_path / 'none', *SMALL[1:]))
    assert '| RELA epoch, device path / plain mmpretrain |' in out
    assert '| lightly | not installed: pip' in out
    assert len(result['seconds']) == 5 and result['images'] == 16
    assert len(result['ratios']) == 4


def test_lightly_trains_on_all_images(cifar_root, small_cfg):
    pytest.importorskip('lightly')
    from _lib.benchmarks.baselines.lightly_byol import LightlyBYOL
    small_cfg.train_dataloader.dataset.data_root = str(cifar_root)
    small_cfg.train_dataloader.dataset.indices = 8
    byol = LightlyBYOL(small_cfg)
    before = byol.model.backbone.conv1.weight.clone()
    byol.epoch()
    assert not torch.equal(before, byol.model.backbone.conv1.weight)
    assert len(byol.loader) == 2
