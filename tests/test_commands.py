"""`mmrela COMMAND` runs the files of tools/, and knows where they are."""
from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest
from mmengine.config import Config

import mmrela
from mmrela import __main__ as console

ROOT = Path(__file__).parents[1]
TOOLS = {file.stem for file in (ROOT / 'tools').glob('[!_]*.py')}


@pytest.fixture
def run(monkeypatch, capsys):
    """Call it; exit code, stdout and stderr."""
    def call(*argv):
        code = 0
        with monkeypatch.context() as patch:
            patch.setattr(sys, 'argv', ['mmrela', *argv])
            patch.setattr(sys, 'path', [*sys.path])
            try:
                console.main()
            except SystemExit as e:
                code = e.code
        return code, *capsys.readouterr()

    return call


def test_each_tool_is_a_command(run):
    found = console.commands()
    assert {file.stem for file in found.values()} == TOOLS
    assert len(found) == len(TOOLS)
    assert {'train', 'targets', 'rank', 'probe', 'check'} < {*found}
    assert {*console.SHORT} - {'export_backbone'} <= TOOLS
    code, said, _ = run('--help')
    rows = {line.split()[0]: line for line in said.splitlines()[3:]}
    assert code == 0 and {*rows} == {*found}
    assert 'Train a config' in rows['train']
    assert all(len(row.split()) > 3 for row in rows.values())
    assert run()[1] == said


@pytest.mark.parametrize('name', ['check', 'check_targets'])
def test_the_tool_gets_the_other_arguments(run, tmp_path, name):
    code, said, _ = run(name, str(tmp_path / 'nothing'))
    assert code == 1 and 'no targets at' in said


def test_a_tool_runs_as_if_python_had_been_given_it(run, monkeypatch):
    seen = {}
    monkeypatch.setattr(runpy, 'run_path', lambda file, run_name: seen.update(
        file=file, name=run_name, argv=sys.argv, path=sys.path[0]))
    assert run('targets', 'cfg.py', '--prior', 'random')[0] == 0
    file = Path(seen['file'])  # in an editable install through a link
    assert file.resolve() == ROOT / 'tools' / 'gen_targets.py'
    assert seen == dict(file=str(file), name='__main__', path=str(file.parent),
                        argv=[str(file), 'cfg.py', '--prior', 'random'])


@pytest.mark.parametrize('name, cure', [
    ('trian', 'is train meant?'), ('xyz', 'see mmrela --help')])
def test_a_command_that_is_none(run, name, cure):
    code, _, said = run(name)
    assert code == 2
    assert said == f'error: there is no command {name}: {cure}\n'


def test_versions(run, monkeypatch):
    code, said, _ = run('--version')
    assert code == 0
    assert said.startswith(f'mmrela {mmrela.__version__}, mmpretrain ')
    monkeypatch.setattr(console, 'BESIDE', ['no_such_package'])
    assert 'no no_such_package, Python 3.' in run('--version')[1]


def test_a_config_anywhere_inherits_without_a_path(tmp_path):
    file = tmp_path / 'mine.py'
    file.write_text(
        "_base_ = ['mmpretrain::_base_/default_runtime.py',"
        " __import__('mmrela').RELA]\n"
        'default_hooks = _base_.rela_hooks\n')
    cfg = Config.fromfile(file, import_custom_modules=False)
    base = Config.fromfile(ROOT / 'configs' / '_base_' / 'rela.py',
                           import_custom_modules=False)
    assert cfg.rela_head == base.rela_head
    assert cfg.default_hooks.rela == base.rela_hooks.rela
