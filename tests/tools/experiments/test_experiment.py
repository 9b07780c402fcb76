"""Tables of runs, with tools that do nothing but leave their files."""
from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest
from calls import ROOT, call
from mmengine.config import Config
from mmengine.logging import HistoryBuffer

import experiment
import train
from _lib.config import load_config
from _lib.experiments import table as _table
from _lib.experiments.results import append, results
from _lib.experiments.runs import locked

TABLES = sorted(
    file.stem for file in (ROOT / 'configs/experiments').glob('*.py'))
FAKE = """\
import json, os, sys, time
from pathlib import Path
tool, args = Path(sys.argv[0]).stem, sys.argv[1:]
with open('calls', 'a') as f:
    f.write(json.dumps([tool, *args]) + '\\n')
after = lambda name: args[args.index(name) + 1]
if tool == 'gen_targets':
    file = Path(after('--out')) / 'meta.json'
    content = dict(feature_seconds=2.25, pca_seconds=0.5)
elif tool == 'train':
    place = Path(after('--work-dir'))
    place.mkdir(parents=True, exist_ok=True)
    (place / Path(args[0]).name).write_text('')
    for n in (1, 2):
        (place / f'epoch_{n}.pth').touch()
    log = place / '20260101_000000/vis_data/scalars.json'
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(''.join(json.dumps(row) + '\\n' for row in (
        dict(step=0, knn_top1=20.0), dict(step=4, time=2.0, loss=1.0),
        dict(step=4, knn_top1=30.0), dict(step=8, time=2.0, loss=1.0),
        dict(step=8, knn_top1=30.0))))
    [seed] = [int(arg[16:]) for arg in args if arg[:15] == 'randomness.seed']
    file, content = place / 'train.json', dict(
        steps=8, train_seconds=60.0, switch_step=3, seed=seed, device='CPU',
        threads=1)
else:
    file = Path(after('--out'))
    seed = int(after('--seed')) if '--seed' in args else -1
    content = dict(linear_top1=40.0 + 2 * seed)
while f'{tool}_waits' in os.environ and not Path('go').exists():
    time.sleep(0.05)
if os.environ.get(f'{tool}_fails', '(none)') in ' '.join(args):
    sys.exit(3)
file.parent.mkdir(parents=True, exist_ok=True)
file.write_text(json.dumps(content))
"""


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """A checkout with the real configs, and tools that do nothing."""
    (tmp_path / 'configs').symlink_to(ROOT / 'configs')
    (tmp_path / 'tools').mkdir()
    for tool in ('gen_targets', 'train', 'linear_probe'):
        (tmp_path / 'tools' / f'{tool}.py').write_text(FAKE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tiny(place: Path, **changes) -> Path:
    """A table of the quickstart's rows, smoke size, two seeds."""
    file = place / 'tiny.py'
    base = str(ROOT / 'configs/experiments/quickstart.py')
    smoke = dict(seeds=[0, 1]) | changes
    file.write_text(f'_base_ = {base!r}\ntitle = "Tiny"\n'
                    f'sizes = dict(smoke={smoke})')
    return file


def arguments(table, *more) -> list[str]:
    return [str(table), '--size', 'smoke', '--results', 'results.jsonl',
            *map(str, more)]


def start(table, *more, **env) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, ROOT / 'tools/experiment.py',
         *arguments(table, *more)], stdout=subprocess.PIPE, text=True,
        env=dict(os.environ, OMP_NUM_THREADS='1', **env))


def called(place: Path) -> Counter:
    file = place / 'calls'
    rows = file.read_text().splitlines() if file.exists() else []
    return Counter(json.loads(row)[0] for row in rows)


def recorded(place: Path) -> list[dict]:
    text = (place / 'results.jsonl').read_text()
    return [json.loads(line) for line in text.splitlines()]


def unlocked(place: Path) -> bool:
    [file] = place.rglob('*/lock')
    with locked(file) as lock:
        return lock is not None


def until(condition, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@cache
def plan(name: str, size: str) -> list[_table.Run]:
    """The runs of one seed."""
    table = _table.load_table(name)
    table.sizes[size].seeds = [0]
    return _table.plan(table, size, Path('work_dirs'))


# ---- tables and keys


def test_all_tables_are_seen():
    assert set(TABLES) >= {'quickstart', 'table1_cifar10', 'table3_methods',
                           'fig4b_static_lambda', 'ablation_targets'}


@pytest.mark.parametrize('name', TABLES)
def test_rows_differ(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    for size in ('smoke', 'small', 'paper'):
        if (name, size) == ('quickstart', 'paper'):
            continue
        runs = plan(name, size)
        assert len({run.key for run in runs}) == len(runs)
        assert len({run.row for run in runs}) == len(runs)
        generations = {run.store: run.generation for run in runs}
        for run in runs:
            assert generations[run.store] == run.generation
            dataset = run.cfg.train_dataloader.dataset
            assert dataset.targets == str(run.store)


@pytest.mark.parametrize('name', TABLES)
def test_the_command_line_says_what_the_key_says(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    for run in {run.row: run for run in plan(name, 'small')}.values():
        monkeypatch.setattr(sys, 'argv', ['', run.config, *run.cfg_options])
        cfg = load_config(train.parse_args())
        told = _table.settings_key(cfg, run.generation, run.probe_epochs)
        assert told == run.key and run.is_current()


def test_what_changes_a_key(monkeypatch):
    monkeypatch.chdir(ROOT)
    table = _table.load_table('quickstart')
    table.sizes.small.seeds = [0]
    overrides = table.sizes.small.overrides
    runs = {run.row: run for run in plan('quickstart', 'small')}

    def same(**changes) -> set[str]:
        overrides.update({key.replace('__', '.'): value
                          for key, value in changes.items()})
        now = _table.plan(table, 'small', Path('elsewhere'))
        return {run.row for run in now if run.key == runs[run.row].key}

    assert same(train_dataloader__dataset__data_root='there',
                train_dataloader__num_workers=3,
                default_hooks__logger__interval=1) == set(runs)
    table.priors.random.normalize = 'center'
    assert same() == {'BYOL', 'BYOL + RELA, MobileNet-V2'}
    table.sizes.small.lambda_factor = 11
    assert same() == {'BYOL'}
    assert same(optim_wrapper__optimizer__weight_decay=0.02) == set()


def test_the_same_settings_are_the_same_run_in_every_table(monkeypatch):
    monkeypatch.chdir(ROOT)
    rows = [{run.key: run.row for run in plan(name, 'small')}
            for name in ('fig4b_static_lambda', 'table3_methods')]
    assert {rows[0][key] for key in set(rows[0]) & set(rows[1])} == {
        f'{prior}, Algorithm 1'
        for prior in ('random prior', 'MobileNet-V2')}


def test_rule_for_lambda(monkeypatch):
    monkeypatch.chdir(ROOT)
    rules = {}
    for name in ('quickstart', 'fig4b_static_lambda'):
        rules |= {run.row: dict(run.cfg.default_hooks.rela.schedule)
                  for run in plan(name, 'small')}
    assert rules['BYOL'] == dict(type='FixedLambda', fraction=0)
    assert rules['BYOL + RELA, MobileNet-V2'] == dict(
        type='AdaptiveLambda', fast_momentum=0.99, slow_momentum=0.9)
    assert rules['MobileNet-V2, RELA for 40 %'] == dict(
        type='FixedLambda', fraction=0.4)
    paper = plan('fig4b_static_lambda', 'paper')[-1].cfg
    assert paper.default_hooks.rela.schedule == dict(type='AdaptiveLambda')


def test_an_edited_config_is_noticed(place):
    run = _table.plan(_table.load_table(str(tiny(place))), 'smoke', place)[0]
    config = place / 'config.py'
    config.write_text(f'_base_ = {str(ROOT / run.config)!r}')
    changed = _table.Run(**dict(vars(run), config=str(config)))
    assert changed.is_current()
    config.write_text(config.read_text() + '\nmodel = dict(base_momentum=0)')
    assert not changed.is_current()


# ---- execution


def test_each_run_is_done_and_recorded_once(place, capsys):
    table = tiny(place)
    assert call('experiment', *arguments(table)) == 0
    assert called(place) == dict(gen_targets=2, train=6, linear_probe=6)
    text = capsys.readouterr().out
    rows = [re.split(r' *\| *', line)[1:-1] for line in text.splitlines()
            if line.startswith('| BYOL')]
    assert [row[1:] for row in rows] == [
        ['0.0001', '8', '', '60', '', '41.0 ± 1.4', '2'],
        ['0.001', '8', '3', '60', '3', '41.0 ± 1.4', '2'],
        ['0.001', '8', '3', '60', '3', '41.0 ± 1.4', '2']]
    assert '6 of 6 runs are done.' in text
    lines = recorded(place)
    assert [(line['seed'], line['prior']) for line in lines] == [
        (seed, prior) for seed in (0, 1)
        for prior in ('none', 'random', 'mobilenet_v2')]
    assert [line.get('target_seconds') for line in lines[:3]] == [
        None, 2.8, 2.8]
    assert lines[1]['linear_top1'] == 40 and lines[4]['linear_top1'] == 42
    assert all(line['commit'] and line['key'] for line in lines)
    folder = place / 'work_dirs/experiments'
    assert (folder / 'tiny_smoke.md').read_text() in text
    assert (folder / 'tiny_smoke.png').read_bytes()[1:4] == b'PNG'
    assert {f.name for f in folder.rglob('*.pth')} == {'epoch_2.pth'}
    assert call('experiment', *arguments(table)) == 0
    assert called(place)['train'] == 6 and recorded(place) == lines


def test_cost_to_accuracy(place, capsys):
    assert call('experiment', *arguments(
        'table1_cifar10', '--only', 'BYOL, 100 %', 'random prior, 10 %')) == 0
    text = capsys.readouterr().out
    assert 'with which "BYOL, 100 %" ends, 30.0 %' in text
    assert '| BYOL, 100 % | 1 of 1 seeds | 4 | 32 | 30 | 50 |' in text
    assert 'random prior, 10 % | 1 of 1 seeds | 4 | 32 | 33 | 55 |' in text
    assert recorded(place)[0]['knn'] == [
        [0, 0, 20], [4, 30, 30], [8, 60, 30]]
    assert list(place.rglob('table1_cifar10_smoke_cost.png'))


def test_list_and_only(place, capsys):
    table = tiny(place)
    assert call('experiment', *arguments(table, '--only', 'random')) == 0
    capsys.readouterr()
    assert call('experiment', *arguments(table, '--list')) == 0
    text = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in text] == [
        'BYOL,', '40.0', 'BYOL', 'BYOL,', '42.0', 'BYOL']
    assert called(place) == dict(gen_targets=1, train=2, linear_probe=2)


@pytest.mark.parametrize('argv, reason', [
    (['nothing'], 'no table at configs/experiments/nothing.py'),
    (['quickstart', '--size', 'huge'], 'has smoke, small, paper'),
    (['quickstart', '--size', 'paper'], 'no such rows'),
])
def test_mistakes(place, capsys, argv, reason):
    assert call('experiment', *argv) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert reason in line


def test_a_failed_run_does_not_stop_the_others(place, capsys, monkeypatch):
    monkeypatch.setenv('train_fails', 'mobilenet_v2')
    assert call('experiment', *arguments(tiny(place))) == 1
    text = capsys.readouterr().out
    assert 'MobileNet-V2, seed 1: train.py ended with exit code 3' in text
    assert '4 of 6 runs are done; the same command goes on with' in text
    assert {line['prior'] for line in recorded(place)} == {'none', 'random'}


def test_a_run_waits_for_the_one_that_is_its_prior(place, capsys):
    asked = arguments('table1_cifar10', '--only', 'CF10-T, 10 %')
    assert call('experiment', *asked) == 1
    assert "waits for the row 'BYOL, 100 %'" in capsys.readouterr().out
    assert call('experiment', *asked, 'BYOL, 100 %') == 0
    [line] = [line for line in recorded(place) if line['prior'] == 'cf10_t']
    rows = map(json.loads, (place / 'calls').read_text().splitlines())
    [made] = [row for row in rows if row[0] == 'gen_targets']
    spec = made[made.index('--prior') + 1]
    config, _, checkpoint = spec.removeprefix('checkpoint:').partition(',')
    assert Path(config).name == 'byol_rela_r18_cifar10_device.py'
    assert Path(checkpoint).exists() and line['generation'] == dict(
        of=recorded(place)[0]['key'])


def test_a_time_limit_ends_a_run_that_goes_on_later(place):
    table = tiny(place)
    limit = ['--only', 'random', '--max-minutes', (20 + 8) / 60]
    process = start(table, *limit, train_waits='yes')
    text, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert 'The time is over' in text
    assert '0 of 2 runs are done; the same command goes on' in text
    assert called(place) == dict(gen_targets=1, train=1)
    assert start(table, '--only', 'random').wait(120) == 0
    assert called(place) == dict(gen_targets=1, train=3, linear_probe=2)


def test_a_killed_call_leaves_its_run_to_its_tool(place):
    table = tiny(place, seeds=[0])
    one = ['--only', 'random']
    process = start(table, *one, train_waits='yes')
    until(lambda: called(place)['train'])
    process.kill()
    second = start(table, *one)
    text, _ = second.communicate(timeout=120)
    assert 'another process is at it' in text and second.returncode == 1
    (place / 'go').touch()
    until(lambda: list(place.rglob('train.json')))
    until(lambda: unlocked(place))
    assert start(table, *one).wait(120) == 0
    assert called(place) == dict(gen_targets=1, train=1, linear_probe=1)
    assert len(recorded(place)) == 1


def test_a_terminated_call_stops_its_tool(place):
    process = start(tiny(place), train_waits='yes')
    until(lambda: called(place)['train'])
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)
    assert process.returncode == 143
    assert start(tiny(place)).wait(120) == 0


def test_two_processes_share_the_work(place):
    table = tiny(place)
    both = [start(table, gen_targets_waits='yes') for _ in range(2)]
    until(lambda: called(place)['gen_targets'])
    time.sleep(1)
    (place / 'go').touch()
    assert all(process.wait(120) in (0, 1) for process in both)
    assert start(table).wait(120) == 0
    assert called(place) == dict(gen_targets=2, train=6, linear_probe=6)
    keys = [line['key'] for line in recorded(place)]
    assert len(keys) == len(set(keys)) == 6


def test_quickstart(place, capsys, monkeypatch):
    assert call('quickstart', '--epochs', 2) == 0
    root = place / 'work_dirs/quickstart'
    text = (root / 'report.md').read_text()
    assert text in capsys.readouterr().out and '| untrained |' in text
    assert 'averages are 25 times faster' in ' '.join(text.split())
    assert called(place) == dict(gen_targets=2, train=3, linear_probe=4)
    assert {f.name for f in root.glob('report.*')} == {
        'report.json', 'report.md', 'report.png'}
    assert call('quickstart', '--epochs', 2) == 0
    assert called(place)['train'] == 3
    monkeypatch.setenv('train_fails', 'mobilenet_v2')
    assert call('quickstart', '--epochs', 3) == 2
    assert 'train.py ended with' in capsys.readouterr().err


def test_a_torn_line_costs_nothing_else(tmp_path):
    file = tmp_path / 'new' / 'results.jsonl'
    append(file, dict(key='a', linear_top1=1))
    file.write_text(file.read_text() + '{"key": "b", "linear')
    append(file, dict(key='b', linear_top1=2))
    append(file, dict(key='b', linear_top1=3))
    assert {key: line['linear_top1'] for key, line in results(file).items()
            } == dict(a=1, b=2)
    assert file.read_bytes().count(b'\n') == 3


def test_grown_results_leave_the_commit_clean(tmp_path, monkeypatch):
    def git(*arguments) -> str:
        return subprocess.run(
            ['git', '-c', 'user.name=a', '-c', 'user.email=a@b', *arguments],
            check=True, capture_output=True, text=True).stdout.strip()

    monkeypatch.chdir(tmp_path)
    for name in ('code.py', 'results.jsonl'):
        (tmp_path / name).write_text('')
    git('init', '-q')
    git('add', '.')
    git('commit', '-qm', 'all')
    head = git('rev-parse', '--short', 'HEAD')
    (tmp_path / 'results.jsonl').write_text('{}')
    assert experiment.commit() == head
    (tmp_path / 'code.py').write_text('1')
    assert experiment.commit() == f'{head}-dirty'


def test_training_time_counts_the_steps_before_a_resume(tmp_path):
    times = HistoryBuffer([2., 4., 3.], [1, 1, 1])
    train.write_summary(SimpleNamespace(
        work_dir=tmp_path, iter=3, hooks=[], seed=5,
        message_hub=SimpleNamespace(log_scalars={'train/time': times})))
    summary = json.loads((tmp_path / 'train.json').read_text())
    assert summary['train_seconds'] == 9 and summary['steps'] == 3
    assert summary['seed'] == 5 and summary['threads'] >= 1


def test_every_size_of_the_base_says_all():
    sizes = Config.fromfile(
        ROOT / 'configs/experiments/_base_/cifar10.py').sizes
    for size in sizes.values():
        assert set(size) == {'notes', 'seeds', 'probe_epochs',
                             'lambda_factor', 'overrides'}
