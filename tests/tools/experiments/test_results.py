"""The file of results."""
from __future__ import annotations

import os
import subprocess
from importlib.metadata import Distribution, PackageNotFoundError

from _lib.experiments.results import append, commit, results
from mmrela import __version__


def test_a_torn_line_costs_nothing_else(tmp_path):
    file = tmp_path / 'new' / 'results.jsonl'
    append(file, dict(key='a', linear_top1=1))
    file.write_text(file.read_text() + '{"key": "b", "linear')
    append(file, dict(key='b', linear_top1=2))
    append(file, dict(key='b', linear_top1=3))
    assert {key: line['linear_top1'] for key, line in results(file).items()
            } == dict(a=1, b=2)
    assert file.read_bytes().count(b'\n') == 3


def test_several_processes_add_each_result_once(tmp_path):
    file = tmp_path / 'results.jsonl'
    children = []
    for _ in range(7):
        children.append(os.fork())
        if children[-1] == 0:
            code = 1
            try:
                for key in range(20):
                    append(file, dict(key=key, writer=os.getpid()))
                code = 0
            finally:
                os._exit(code)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 7
    assert file.read_text().count('\n') == len(results(file)) == 20
    assert [*tmp_path.iterdir()] == [file]


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
    assert commit() == head
    (tmp_path / 'code.py').write_text('1')
    assert commit() == f'{head}-dirty'


def test_without_git_the_version_is_recorded(tmp_path, monkeypatch):
    def missing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Distribution, 'from_name', missing)  # not installed
    assert commit() == __version__
