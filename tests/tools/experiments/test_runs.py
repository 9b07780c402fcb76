"""Tables of runs, with tools that do nothing but leave their files."""
from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from calls import ROOT, call, until

from _lib.experiments import calls
from _lib.experiments import table as _table
from mmrela.files.locks import locked

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


def test_an_edited_config_is_noticed(place):
    run = _table.plan(_table.load_table(str(tiny(place))), 'smoke', place)[0]
    config = place / 'config.py'
    config.write_text(f'_base_ = {str(ROOT / run.config)!r}')
    changed = _table.Run(**dict(vars(run), config=str(config)))
    assert changed.is_current()
    config.write_text(config.read_text() + '\nmodel = dict(base_momentum=0)')
    assert not changed.is_current()


def test_each_run_is_done_and_recorded_once(place, capsys):
    table = tiny(place)
    assert call('experiment', *arguments(table)) == 0
    assert called(place) == dict(gen_targets=2, train=6, linear_probe=6)
    text = capsys.readouterr().out
    rows = [re.split(r' *\| *', line)[1:-1] for line in text.splitlines()
            if line.startswith('| BYOL')]
    assert [row[1:] for row in rows] == [
        ['0.0001', '8', '', '1.4', '60', '', '41.0 ± 1.4', '2'],
        ['0.001, then 0.0001', '8', '3', '0.6', '60', '3', '41.0 ± 1.4', '2'],
        ['0.001, then 0.0001', '8', '3', '0.6', '60', '3', '41.0 ± 1.4', '2']]
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
    # of 8 images: 4 x 8 / 3 of the host, or 3 and then 8 / 3
    assert '| BYOL, 100 % | 1 of 1 seeds | 4 | 0.1 | 50 | 30 | 50 |' in text
    assert ('random prior, 10 % | 1 of 1 seeds | 4 | 0.0 | 27 | 33 | 55 |'
            in text)
    assert recorded(place)[0]['knn'] == [
        [0, 0, 20], [4, 30, 30], [8, 60, 30]]


def test_probes_of_earlier_epochs(place):
    """Of checkpoints that are kept for that, and not longer."""
    table = tiny(place, seeds=[1], probe_at=[1, 2, 3])
    asked = arguments(table, '--only', 'random')
    assert call('experiment', *asked) == 0
    assert called(place) == dict(gen_targets=1, train=1, linear_probe=2)
    [line] = recorded(place)
    assert line['linear'] == [[4, 30, 42], [8, 60, 42]]
    assert {f.name for f in place.rglob('*.pth')} == {'epoch_2.pth'}
    rows = map(json.loads, (place / 'calls').read_text().splitlines())
    assert ['default_hooks.checkpoint.max_keep_ckpts=-1' in row
            for row in rows if row[0] == 'train'] == [True]


def test_whose_checkpoints_are_probed(place):
    """A row's own epochs come before the size's; keys do not change."""
    text = """
_config = 'configs/byol_rela_r18_cifar10_quickstart.py'
rows = [dict(name='none', config=_config, prior='none', probe_at=[]),
        dict(name='random', config=_config, prior='random')]
"""

    def planned(**changes) -> list[_table.Run]:
        table = tiny(place, seeds=[0], **changes)
        table.write_text(table.read_text() + text)
        return _table.plan(_table.load_table(str(table)), 'smoke', place)

    plain, probed = planned(), planned(probe_at=[1])
    assert [run.probe_at for run in plain] == [(), ()]
    assert [run.probe_at for run in probed] == [(), (1,)]
    assert [run.key for run in plain] == [run.key for run in probed]
    assert plain[0].options == probed[0].options


def test_report_runs_nothing(place, capsys):
    (place / 'configs').unlink()
    shutil.copytree(ROOT / 'configs', place / 'configs')
    page = place / 'configs/experiments/README.md'
    table = tiny(place)
    assert call('experiment', *arguments(table, '--only', 'random')) == 0
    before, done = page.read_text(), called(place)
    for _ in range(2):
        assert call('experiment', *arguments(table, '--report')) == 0
    assert called(place) == done and page.read_text().startswith(before)
    added = page.read_text().removeprefix(before)
    assert added.startswith('\n### `tiny`, smoke\n\nTiny.\n\n![')
    assert ('| BYOL + RELA, random prior | 0.001, then 0.0001 | 8 | 3 | 0.6 |'
            in added)
    assert 'Not run: BYOL; BYOL + RELA, MobileNet-V2.' in added
    assert (page.parent / 'tiny_smoke.png').read_bytes()[1:4] == b'PNG'


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


def test_a_run_comes_after_the_one_that_is_its_prior(place):
    asked = arguments('table1_cifar10', '--only', 'CF10-T, 10 %')
    assert call('experiment', *asked) == 0
    assert [line['row'] for line in recorded(place)] == [
        'BYOL, 100 %', 'BYOL + RELA, CF10-T, 10 %']
    [line] = [line for line in recorded(place) if line['prior'] == 'cf10_t']
    rows = map(json.loads, (place / 'calls').read_text().splitlines())
    [made] = [row for row in rows if row[0] == 'gen_targets']
    spec = made[made.index('--prior') + 1]
    config, _, checkpoint = spec.removeprefix('checkpoint:').partition(',')
    assert Path(config).name == 'byol_rela_r18_cifar10_device.py'
    assert Path(checkpoint).exists() and line['generation'] == dict(
        of=recorded(place)[0]['key'])


def test_a_prior_without_its_checkpoint_is_trained_again(place):
    asked = arguments('table1_cifar10', '--only')
    assert call('experiment', *asked, 'BYOL, 100 %') == 0
    shutil.rmtree(place / 'work_dirs')
    assert call('experiment', *asked, 'CF10-T, 10 %') == 0
    assert [line['prior'] for line in recorded(place)] == ['none', 'cf10_t']


def test_a_prior_that_failed_is_named(place, capsys, monkeypatch):
    monkeypatch.setenv('train_fails', 'sampler.ratio=1')
    asked = arguments('table1_cifar10', '--only', 'CF10-T, 10 %')
    assert call('experiment', *asked) == 1
    text = capsys.readouterr().out
    assert 'BYOL, 100 %, seed 0: train.py ended with exit code 3' in text
    assert 'CF10-T, 10 %, seed' not in text


def test_a_time_limit_ends_a_run_that_goes_on_later(place, capsys,
                                                    monkeypatch):
    one = [tiny(place), '--only', 'random']
    monkeypatch.setenv('train_waits', 'yes')
    limit = ['--max-minutes', (calls.MARGIN + 2) / 60]
    assert call('experiment', *arguments(*one, *limit)) == 0
    text = capsys.readouterr().out
    assert 'The time is over' in text
    assert '0 of 2 runs are done; the same command goes on' in text
    assert called(place) == dict(gen_targets=1, train=1)
    (place / 'go').touch()
    assert call('experiment', *arguments(*one)) == 0
    assert called(place) == dict(gen_targets=1, train=3, linear_probe=2)


def test_a_killed_call_leaves_its_run_to_its_tool(place, capsys):
    table = tiny(place, seeds=[0])
    one = ['--only', 'random']
    process = start(table, *one, train_waits='yes')
    until(lambda: called(place)['train'])
    process.kill()
    assert call('experiment', *arguments(table, *one)) == 1
    assert 'another process is at it' in capsys.readouterr().out
    (place / 'go').touch()
    until(lambda: list(place.rglob('train.json')))
    until(lambda: unlocked(place))
    assert call('experiment', *arguments(table, *one)) == 0
    assert called(place) == dict(gen_targets=1, train=1, linear_probe=1)
    assert len(recorded(place)) == 1


def test_a_terminated_call_stops_its_tool(place):
    process = start(tiny(place), train_waits='yes')
    until(lambda: called(place)['train'])
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)
    assert process.returncode == 143
    assert call('experiment', *arguments(tiny(place))) == 0


def test_two_processes_share_the_work(place):
    table = tiny(place)
    both = [start(table, gen_targets_waits='yes') for _ in range(2)]
    until(lambda: called(place)['gen_targets'])
    time.sleep(1)
    (place / 'go').touch()
    assert all(process.wait(120) in (0, 1) for process in both)
    assert call('experiment', *arguments(table)) == 0
    assert called(place) == dict(gen_targets=2, train=6, linear_probe=6)
    keys = [line['key'] for line in recorded(place)]
    assert len(keys) == len(set(keys)) == 6


def test_quickstart(place, capsys, monkeypatch):
    """As ``quickstart.sh`` calls it."""
    [call_] = re.findall(r'tools/experiment.py (.*?)"\$@"', (
        ROOT / 'tools/quickstart.sh').read_text().replace('\\\n', ' '), re.S)
    root = place / 'work_dirs/quickstart'
    asked = shlex.split(call_.replace('$there', 'work_dirs/quickstart'))
    assert call('experiment', *asked) == 0
    text = (root / 'report.md').read_text()
    assert text in capsys.readouterr().out and '| Untrained |' in text
    assert called(place) == dict(gen_targets=2, train=3, linear_probe=4)
    assert {f.name for f in root.glob('*.*')} == {
        'report.json', 'report.md', 'report.png', 'results.jsonl'}
    report = json.loads((root / 'report.json').read_text())
    assert {run['prior']: run['linear_top1'] for run in report['runs']} == {
        'none': 40, 'random': 40, 'mobilenet_v2': 40}
    assert call('experiment', *asked) == 0
    assert called(place)['train'] == 3
    monkeypatch.setenv('train_fails', 'mobilenet_v2')
    assert call('experiment', *asked, '--size', 'long') == 1
    assert 'train.py ended with exit code 3' in capsys.readouterr().out
    assert called(place) == dict(gen_targets=2, train=6, linear_probe=6)
