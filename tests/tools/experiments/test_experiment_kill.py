"""SIGKILL to experiment.py and its tool, then the same command again."""
from __future__ import annotations

import os
import re
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from calls import ROOT, call, until
from test_smoke import in_this_process, small_table

from _lib.experiments import runs as _runs
from _lib.experiments.results import results

ROW = 'random prior, 20 %'  # two epochs of 6 steps, kNN after each
# What the real tools print at a moment, the file that is not there yet, and
# what they do not print again when they go on.
MOMENTS = dict(
    targets=('features:', 'meta.json', []),
    training=(r'Epoch\(train\) +\[2\]\[[2-6]/6\]', 'train.json',
              ['features:', r'Epoch\(train\) +\[1\]']),
    probe=('probe:', 'probe.json', ['features:', r'Epoch\(train\)']))


def forks(arguments: list[str]) -> None:
    """All tools in this process, which has imported what they need."""
    sys.stdout = sys.stderr = open(2, 'w', buffering=1, closefd=False)
    _runs.call = in_this_process
    os._exit(call('experiment', *arguments))


def processes(arguments: list[str]) -> None:
    """Each tool in a process of its own, as users start them."""
    os.execv(sys.executable,
             [sys.executable, 'tools/experiment.py', *arguments])


def start(way: Callable, cifar_root: Path) -> int:
    """Start the experiment in the working directory; its process group."""
    arguments = [small_table('table1_cifar10', cifar_root, probe_epochs=300),
                 '--size', 'smoke', '--only', ROW,
                 '--results', 'results.jsonl']
    said = os.open('said', os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            os.dup2(said, 1)
            os.dup2(said, 2)
            way(arguments)
        except BaseException:
            os.write(2, traceback.format_exc().encode())
        finally:
            os._exit(1)
    os.close(said)
    return child


def end(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def checkout(folder: Path, patch: pytest.MonkeyPatch) -> None:
    for name in ('configs', 'tools'):
        (folder / name).symlink_to(ROOT / name)
    patch.chdir(folder)
    patch.setenv('PYTHONPATH', str(ROOT))
    patch.setenv('OMP_NUM_THREADS', '1')


def outcome() -> tuple:
    """The result's line without times, targets and weights."""
    [line] = results(Path('results.jsonl')).values()
    for key in ('train_seconds', 'target_seconds'):
        assert line.pop(key) > 0
    line['knn'] = [(step, top1) for step, _, top1 in line['knn']]
    [targets], [weights] = (list(Path().rglob(name)) for name in (
        'data/targets/*/targets.npy', 'work_dirs/**/epoch_2.pth'))
    return (line, targets.read_bytes(),
            torch.load(weights, weights_only=True)['state_dict'])


@pytest.fixture(scope='module')
def whole(cifar_root, tmp_path_factory) -> tuple:
    with pytest.MonkeyPatch.context() as patch:
        checkout(tmp_path_factory.mktemp('whole'), patch)
        code = end(start(forks, cifar_root))
        assert code == 0, Path('said').read_text()
        found = outcome()
    assert [step for step, _ in found[0]['knn']] == [0, 6, 12]
    return found


@pytest.mark.parametrize('way', [
    forks, pytest.param(processes, marks=[
        pytest.mark.slow, pytest.mark.timeout(1800)])])
@pytest.mark.parametrize('moment', MOMENTS)
def test_a_killed_run_ends_as_if_it_had_not_been(
        way, moment, whole, cifar_root, tmp_path, monkeypatch):
    checkout(tmp_path, monkeypatch)
    begun, missing, done = MOMENTS[moment]
    child = start(way, cifar_root)
    until(lambda: re.search(begun, Path('said').read_text()), 600)
    os.killpg(child, signal.SIGKILL)
    assert end(child) == -signal.SIGKILL
    assert not list(tmp_path.rglob(missing))
    code, said = end(start(way, cifar_root)), Path('said').read_text()
    assert code == 0, said
    assert not any(re.search(text, said) for text in done)
    line, targets, weights = outcome()
    assert (line, targets) == whole[:2]
    assert weights.keys() == whole[2].keys()
    assert all(torch.equal(v, whole[2][key]) for key, v in weights.items())
