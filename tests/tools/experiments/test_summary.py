"""Summaries of results, of runs made by hand and of those recorded."""
from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from calls import ROOT, colors

from _lib.experiments import readme
from _lib.experiments import summary as _summary
from _lib.experiments.results import append, result, results
from _lib.experiments.run import Run
from _lib.experiments.table import load_table, plan

RECORDED = ROOT / 'configs/experiments/results.jsonl'
README = RECORDED.with_name('README.md').read_text()
SECTIONS = re.findall(r'^### `(\w+)`, (\w+)$', README, re.M)
STEPS = 6
NAMES = dict(none='BYOL', random='BYOL + RELA, random prior',
             mobilenet_v2='BYOL + RELA, MobileNet-V2')
TOP1 = dict(none=34.25, random=36.04, mobilenet_v2=41.96)
SWITCH = dict(none=None, random=3, mobilenet_v2=None)
RELA = 'default_hooks.rela.lr'
RATES = dict(none=None, random=1e-3, mobilenet_v2=1e-3)  # RELA's


def test_each_table_with_results_has_a_section():
    found = {(line['table'], line['size'])
             for line in results(RECORDED).values()}
    assert found <= set(SECTIONS)


@pytest.mark.parametrize('name, size', SECTIONS)
def test_sections_show_what_results_hold(name, size, tmp_path, monkeypatch):
    """If not, ``tools/experiment.py TABLE --size SIZE --report`` mends it."""
    monkeypatch.chdir(ROOT)
    table = load_table(name)
    rows = _summary.by_row(plan(table, size, tmp_path), results(RECORDED))
    assert any(rows.values())
    new = readme.section(table, size, rows)
    assert readme.replaced(README, new) == README
    assert RECORDED.with_name(f'{name}_{size}.png').exists()


def test_a_section_is_added_and_then_renewed():
    def section(name: str, text: str) -> str:
        return f'### `{name}`, small\n\n{text}\n\n{readme.END}'

    page = readme.replaced('# Page\n\n', section('one', 'old'))
    page = readme.replaced(page + '\nBy hand.\n', section('two', 'x'))
    assert readme.replaced(page, section('one', 'new')) == (
        f'# Page\n\n{section("one", "new")}\nBy hand.\n\n'
        f'{section("two", "x")}')


def test_the_page_explains_its_columns():
    assert f'\n\n{_summary.LEGEND}\n\n' in README


def write(file: Path, content: dict) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content))


def log(work_dir: Path, start: str, rows: list[dict]) -> None:
    file = work_dir / start / 'vis_data/scalars.json'
    file.parent.mkdir(parents=True)
    file.write_text(''.join(json.dumps(row) + '\n' for row in rows))


def make(run: Run, place: Path) -> Run:
    """A finished and probed run."""
    run = replace(run, store=place / run.store)
    write(run.work_dir / 'probe.json', dict(
        linear_top1=TOP1[run.prior] if run.epochs else 27.5))
    if run.epochs:
        write(run.work_dir / 'train.json', dict(
            steps=STEPS, train_seconds=61.7, switch_step=SWITCH[run.prior],
            seed=0, device='CPU (abc)', threads=2))
        log(run.work_dir, '20250102_000000', [
            {'step': step, 'loss': 1 / step, 'time': 0.1,
             'knn_top1': 20 + step}
            for step in range(1, STEPS + 1)])
    if run.generation:
        write(run.store / 'meta.json', dict(
            feature_seconds=20.55, pca_seconds=1.5))
    return run


@pytest.fixture(scope='module')
def report(tmp_path_factory) -> Path:
    """The quickstart's, of runs of which one was started twice."""
    place = tmp_path_factory.mktemp('quickstart')
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        table = load_table('quickstart')
        runs = [make(run, place) for run in plan(table, 'short', place)]
        log(runs[2].work_dir, '20250101_000000', [dict(step=1, loss=99)])
        for run in runs:
            append(place / 'results', result(run))
        rows = _summary.by_row(runs, results(place / 'results'))
        text = _summary.write_summary(
            table, 'short', rows, place / 'new' / 'report')
    assert text == (place / 'new' / 'report.md').read_text()
    return place / 'new'


def test_json(report):
    found = json.loads((report / 'report.json').read_text())
    assert found['untrained_top1'] == 27.5 and found['size'] == 'short'
    keys = ('row', 'method', 'prior', 'learning_rate', 'steps', 'seed',
            'train_seconds', 'switch_step', 'linear_top1', 'images',
            'batch_size', 'device', 'threads')
    assert [{key: run[key] for key in keys} for run in found['runs']] == [
        dict(row=NAMES[prior], method='BYOL', prior=prior, seed=0,
             learning_rate=1e-4, steps=STEPS, train_seconds=61.7,
             switch_step=SWITCH[prior], linear_top1=TOP1[prior],
             images=10000, batch_size=128, device='CPU (abc)', threads=2)
        for prior in RATES]
    assert [run['options'].get(RELA) for run in found['runs']] == [
        *RATES.values()]
    assert [run.get('target_seconds') for run in found['runs']] == [
        None, *[pytest.approx(22.05, abs=0.051)] * 2]


def test_markdown(report):
    text = (report / 'report.md').read_text()
    rows = [re.split(r' *\| *', line)[1:-1] for line in text.splitlines()
            if line.startswith('|')]
    assert rows[0] == ['row', 'learning rate', 'steps', 'hand-over at',
                       'images, k', 'training, s', 'targets, s',
                       'linear probe, %', 'seeds']
    assert set(rows[1]) == {'---'}
    assert [row[:6] for row in rows[2:]] == [  # of 128 images: 8/3 or 1
        ['Untrained', '', '0', '', '', '0'],
        [NAMES['none'], '0.0001', '6', '', '2.0', '62'],
        [NAMES['random'], '0.001, then 0.0001', '6', '3', '0.9', '62'],
        [NAMES['mobilenet_v2'], '0.001, then 0.0001', '6', 'never', '0.8',
         '62']]
    assert [float(row[6] or 0) for row in rows[2:]] == pytest.approx(
        [0, 0, 22.05, 22.05], abs=0.051)
    assert [row[7] for row in rows[2:]] == ['27.5', '34.2', '36.0', '42.0']
    assert len({len(row) for row in rows}) == 1


def test_notes_say_what_the_numbers_rest_on(report):
    text = (report / 'report.md').read_text()
    for words in ('**labels**', 'One seed', 'are 8.33 times faster',
                  'the 468 steps', 'the same 10,000 images',
                  'CPU (abc), 2 threads'):
        assert words in text


def test_picture(report):
    gray, light, orange, blue = '#7f7f7f', '#d3d3d3', '#ff7f0e', '#1f77b4'
    assert {gray, light, orange, blue} <= colors(report / 'report.png')
