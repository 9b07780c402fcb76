"""Curves of runs whose logs are made by hand."""
from __future__ import annotations

import json

import pytest
from calls import call, colors

from _lib.gallery.run import Finished
from _lib.training import curves
from _lib.training.logs import curve, hand_over, read_log, timed


def log(work_dir, name, rows):
    file = work_dir / name / 'vis_data' / 'scalars.json'
    file.parent.mkdir(parents=True)
    file.write_text(''.join(json.dumps(row) + '\n' for row in rows))


def rela(step, loss):
    return dict(step=step, time=0.5, lr=0.001, loss=loss, rela_loss=loss,
                rela_fast=loss, rela_slow=2 * loss, **{'lambda': 1})


def host(step, loss):
    return dict(step=step, time=0.25, lr=0.001, loss=loss, **{'lambda': 0})


@pytest.fixture
def work_dir(tmp_path):
    """Stopped after step 4, resumed from step 2."""
    log(tmp_path, '20250101_000000', [
        dict(step=0, knn_top1=20.0), rela(1, 1.0), rela(2, 0.9),
        dict(step=2, knn_top1=30.0), rela(3, 99.0), rela(4, 99.0)])
    log(tmp_path, '20250102_000000', [
        rela(3, 0.8), host(4, -1.0), host(5, -2.0),
        dict(step=5, knn_top1=40.0)])
    log(tmp_path, '20250103_000000', [])
    (tmp_path / 'config.py').write_text(
        'train_dataloader = dict(batch_size=32)')
    return tmp_path


def test_starts_are_joined(work_dir):
    rows = read_log(work_dir)
    assert curve(rows, 'loss') == (
        (1, 2, 3, 4, 5), (1.0, 0.9, 0.8, -1.0, -2.0))
    assert curve(rows, 'knn_top1') == ((0, 2, 5), (20, 30, 40))
    assert curve(rows, 'nothing') == ((), ())


def test_torn_lines_are_passed_over(work_dir):
    """A full disk cuts one short, and the next start writes behind it."""
    file = work_dir / '20250101_000000/vis_data/scalars.json'
    whole, rows = file.read_text(), read_log(work_dir)
    file.write_text(whole + '{"lr": 0.001, "lo')
    assert read_log(work_dir) == rows
    file.write_text('{"lr": 0.001, "lo' + '\0\n' + whole)
    assert read_log(work_dir) == rows


def test_times_of_a_validation_are_its_own(work_dir):
    """mmengine logs them with the epoch in place of the step."""
    log(work_dir, '20250104_000000', [host(6, -3.0), {
        'accuracy/top1': 50.0, 'time': 0.01, 'step': 1}, host(7, -4.0)])
    assert curve(curves.load(work_dir), 'speed')[0] == (1, 2, 3, 4, 5, 6, 7)
    assert curve(read_log(work_dir), 'accuracy/top1') == ((1, ), (50, ))


def test_hand_over(work_dir, tmp_path):
    assert hand_over(work_dir, read_log(work_dir)) == 4
    assert hand_over(work_dir, [rela(1, 1)]) is None
    assert hand_over(work_dir, [host(1, 1)]) is None
    (work_dir / 'train.json').write_text('{"switch_step": 3}')
    assert hand_over(work_dir, read_log(work_dir)) == 3


def test_hand_over_of_a_run_that_fades(tmp_path):
    """It was killed: λ is not 0 before the end, and RELA has steps still."""
    rows = [rela(1, 1), rela(2, 1), host(3, 1) | {'lambda': 0.9},
            rela(4, 1) | {'lambda': 0.8}]
    assert hand_over(tmp_path, rows) == 3
    assert Finished(tmp_path, rows).rela_steps == 3


def test_seconds_of_each_score():
    """Two steps of 1 s, four of 3 s, by a log that counted twice as much."""
    log = [dict(step=0, knn_top1=10.0), dict(step=2, time=2.0),
           dict(step=2, knn_top1=20.0), dict(step=6, time=6.0),
           dict(step=6, knn_top1=30.0)]
    assert timed(log, zip(*curve(log, 'knn_top1')), train_seconds=14) == [
        (0, 0, 10), (2, 2, 20), (6, 14, 30)]
    assert timed(log, [(1, 11.111), (3, 12)], train_seconds=14) == [
        (1, 1, 11.11), (3, 5, 12)]
    assert timed([], [(0, 10)], train_seconds=14) == [(0, 0, 10)]


def test_stages_and_speed(work_dir):
    rows = curves.load(work_dir)
    assert curve(rows, 'rela_loss')[0] == (1, 2, 3)
    assert curve(rows, 'host_loss') == ((4, 5), (-1.0, -2.0))
    assert curve(rows, 'speed')[1] == (64, 64, 64, 128, 128)
    (work_dir / 'config.py').unlink()
    assert curve(curves.load(work_dir), 'speed') == ((), ())


def test_panels(work_dir, monkeypatch):
    drawn = {}
    monkeypatch.setattr(curves, '_panel', lambda axes, styles, logs: (
        drawn.update(dict.fromkeys(styles)), axes.plot([1], label='a')))
    curves.draw({'a': curves.load(work_dir)}, work_dir / 'a.png')
    assert set(drawn) == {'rela_loss', 'host_loss', 'lambda', 'rela_fast',
                          'rela_slow', 'knn_top1', 'lr', 'speed'}
    drawn.clear()
    curves.draw({'a': [host(1, 1.0)]}, work_dir / 'a.png')
    assert set(drawn) == {'lambda', 'lr'}


def test_picture_of_two_runs(work_dir, tmp_path_factory, capsys):
    other = tmp_path_factory.mktemp('other')
    log(other, '20250101_000000', [host(step, 1 / step) for step in (1, 2)])
    assert call('plot_run', work_dir) == 0
    assert call('plot_run', work_dir, other, '--out', other / 'x/y.png') == 0
    assert str(other / 'x/y.png') in capsys.readouterr().out
    blue, orange = '#1f77b4', '#ff7f0e'
    one, two = (colors(file) for file in (
        work_dir / 'curves.png', other / 'x/y.png'))
    assert blue in one and orange not in one
    assert {blue, orange} <= two


def test_no_log(tmp_path, capsys):
    assert call('plot_run', tmp_path) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert f'{tmp_path} holds no log' in line


@pytest.mark.parametrize('name, why', [
    ('curves.txt', 'is no name of a picture: let it end in .png'),
    ('config.py/curves.png', 'cannot write')])
def test_a_picture_that_cannot_be_written(work_dir, mistake, name, why):
    said = mistake('plot_run', work_dir, '--out', work_dir / name)
    assert why in said and name in said
