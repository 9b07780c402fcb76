"""The report of trainings whose work dirs are made by hand."""
from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from calls import ROOT
from PIL import Image

import quickstart
from _lib.experiments import report as _report

FACTOR = 10
TOP1 = dict(none=34.25, random=36.04, mobilenet_v2=41.96)
SWITCH = dict(none=None, random=3, mobilenet_v2=4)
STEPS = 6
RATES = dict(none=1e-4, random=1e-3, mobilenet_v2=1e-3)


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
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        rows = quickstart.plan_rows(5, place)
    made = []
    for run in rows:
        run = replace(run, store=place / run.store)
        write(run.work_dir / 'train.json', dict(
            steps=STEPS, train_seconds=61.7, switch_step=SWITCH[run.prior],
            seed=0, device='CPU (abc)', threads=2))
        write(run.work_dir / 'probe.json', dict(
            linear_top1=TOP1[run.prior], model='checkpoint', epochs=100))
        log(run.work_dir / '20250102_000000/vis_data/scalars.json',
            scalars(run.prior))
        if run.prior != 'none':
            write(run.store / 'meta.json', dict(
                feature_seconds=20.55, pca_seconds=1.5, dim=512))
        made.append(run)
    log(made[1].work_dir / '20250101_000000/vis_data/scalars.json',
        [dict(step=1, loss=99)])
    return made


@pytest.fixture(scope='module')
def root(runs, place):
    """Where the report of these runs lies."""
    write(place / 'untrained.json', dict(linear_top1=27.5))
    text = _report.write_report(
        runs, place / 'untrained.json', place, FACTOR)
    assert text == (place / 'report.md').read_text()
    return place


def test_json(root, runs):
    report = json.loads((root / 'report.json').read_text())
    assert report['untrained_top1'] == 27.5
    assert report['images'] == 10000 and report['batch_size'] == 128
    assert report['config'].endswith('_quickstart.py')
    assert report['lambda_factor'] == FACTOR
    assert report['device'] == 'CPU (abc), 2 threads'
    assert report['runs'] == [
        dict(method='BYOL', prior=prior, learning_rate=rate,
             steps=STEPS, train_seconds=61.7, switch_step=SWITCH[prior],
             seed=0, linear_top1=TOP1[prior],
             **({} if prior == 'none' else dict(target_seconds=pytest.approx(
                 22.05, abs=0.051)))) for prior, rate in RATES.items()]


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


def test_the_quickstart_is_what_it_was(runs):
    """Options on which the README's numbers rest."""
    for run in runs:
        cfg, rule = run.cfg, run.cfg.default_hooks.rela.schedule
        assert cfg.optim_wrapper.optimizer.lr == RATES[run.prior]
        assert cfg.train_cfg.max_epochs == 5 and cfg.randomness.seed == 0
        dataset = cfg.train_dataloader.dataset
        assert dataset.rela_pipeline[0].num_views == 1
        assert dataset.indices == cfg.probe.train.indices == 10000
        assert run.probe_epochs == 100 and run.seed == 0
        assert rule == (
            dict(type='FixedLambda', fraction=0) if run.prior == 'none' else
            dict(type='AdaptiveLambda', fast_momentum=0.99,
                 slow_momentum=0.9))
    assert [run.generation for run in runs] == [
        None, dict(prior='random', normalize='whiten'),
        dict(prior='torchvision:mobilenet_v2', image_size=64,
             weights='data/weights/mobilenet_v2-b0353104.pth')]


def test_every_prior_of_the_quickstart_has_a_color_and_a_name(runs):
    assert {run.prior for run in runs} == set(_report.COLORS)
    assert len({run.row for run in runs}) == len(runs)
