"""The report of trainings whose work dirs are made by hand."""
from __future__ import annotations

import json
import re

import pytest
from calls import CIFAR
from PIL import Image

import _report
import quickstart

FACTOR = 10
TOP1 = dict(none=34.25, random=36.04, mobilenet_v2=41.96)
SWITCH = dict(none=None, random=3, mobilenet_v2=4)
STEPS = 6


def write(file, content):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content))


def scalars(prior):
    """What mmengine logs: λ after each step, and the step's loss."""
    switch = SWITCH[prior] or 0
    for step in range(1, STEPS + 1):
        yield dict(step=step, loss=1 / step, time=0.1,
                   **{'lambda': int(step < switch)})


def log(file, rows):
    file.parent.mkdir(parents=True)
    file.write_text(''.join(json.dumps(row) + '\n' for row in rows))


@pytest.fixture(scope='module')
def place(tmp_path_factory):
    return tmp_path_factory.mktemp('quickstart')


@pytest.fixture(scope='module')
def runs(place):
    """A finished and probed run of each prior; one was started twice."""
    made = []
    for prior, rate in quickstart.LEARNING_RATES.items():
        work_dir, targets = place / prior, place / f'targets_{prior}'
        write(work_dir / 'train.json', dict(
            steps=STEPS, train_seconds=61.7, switch_step=SWITCH[prior],
            seed=0))
        write(work_dir / 'probe.json', dict(
            linear_top1=TOP1[prior], model='checkpoint', epochs=100))
        log(work_dir / '20250102_000000/vis_data/scalars.json',
            scalars(prior))
        if prior != 'none':
            write(targets / 'meta.json', dict(
                feature_seconds=20.55, pca_seconds=1.5, dim=512))
        made.append(_report.Run('byol', prior, rate, work_dir, targets))
    log(place / 'random/20250101_000000/vis_data/scalars.json',
        [dict(step=1, loss=99)])
    return made


@pytest.fixture(scope='module')
def root(runs, place):
    """Where the report of these runs lies."""
    write(place / 'untrained.json', dict(linear_top1=27.5))
    text = _report.write_report(
        runs, place / 'untrained.json', CIFAR, place, FACTOR)
    assert text == (place / 'report.md').read_text()
    return place


def test_json(root):
    report = json.loads((root / 'report.json').read_text())
    assert report['untrained_top1'] == 27.5
    assert report['images'] == 10000 and report['batch_size'] == 128
    assert report['config'] == CIFAR and report['lambda_factor'] == FACTOR
    assert report['device']
    rates = quickstart.LEARNING_RATES
    assert report['runs'] == [
        dict(method='byol', prior=prior, learning_rate=rates[prior],
             steps=STEPS, train_seconds=61.7, switch_step=SWITCH[prior],
             seed=0, linear_top1=TOP1[prior],
             **({} if prior == 'none' else dict(target_seconds=pytest.approx(
                 22.05, abs=0.051)))) for prior in rates]


def test_markdown(root):
    text = (root / 'report.md').read_text()
    assert text.startswith('# CIFAR-10, 10000 images, batch 128, ')
    rows = [re.split(r' *\| *', line)[1:-1] for line in text.splitlines()
            if line.startswith('|')]
    assert rows[0] == ['method', 'learning rate', 'steps', 'hand-over at',
                       'training, s', 'targets, s', 'linear probe, %']
    assert set(rows[1]) == {'---'}
    assert [row[0] for row in rows[2:]] == [
        'untrained', 'BYOL', 'BYOL + RELA, random prior',
        'BYOL + RELA, MobileNet-V2']
    assert [row[1:4] for row in rows[2:]] == [
        ['', '0', ''], ['0.0001', '6', ''], ['0.001', '6', '3'],
        ['0.001', '6', '4']]
    assert [row[4] for row in rows[3:]] == ['62'] * 3
    assert [float(row[5] or 0) for row in rows[3:]] == pytest.approx(
        [0, 22.05, 22.05], abs=0.051)
    assert [row[6] for row in rows[2:]] == ['27.5', '34.2', '36.0', '42.0']
    assert len({len(row) for row in rows}) == 1


def test_notes_say_what_the_numbers_rest_on(root):
    text = ' '.join((root / 'report.md').read_text().split())
    for words in ('**labels**', 'one seed', f'are {FACTOR} times faster',
                  f'the {STEPS} steps', 'the same 10000 images'):
        assert words in text


def test_picture(root):
    with Image.open(root / 'report.png') as image:
        assert image.format == 'PNG'
        assert image.size == (1560, 432)  # 13 x 3.6 inches, 120 dots each
        colors = image.convert('RGB').getcolors(1 << 20)
    names = dict(gray='#7f7f7f', orange='#ff7f0e', blue='#1f77b4')
    drawn = {f'#{bytes(c).hex()}' for count, c in colors if count > 99}
    assert set(names.values()) <= drawn


def test_curves_are_those_of_the_last_log(runs):
    steps, losses = runs[1].curve('loss')
    assert steps == (1, 2, 3, 4, 5, 6) and losses[:2] == (1, 0.5)
    assert runs[1].curve('lambda')[1] == (1, 1, 0, 0, 0, 0)
    assert runs[1].curve('nothing') == ((), ())


def test_every_prior_of_the_quickstart_has_a_color_and_a_name(runs):
    assert set(quickstart.PRIORS) == set(_report.COLORS)
    assert len({run.label for run in runs}) == len(quickstart.PRIORS)
