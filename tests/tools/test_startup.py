"""Answers that need no library come before any is imported."""
from __future__ import annotations

import json
import re
import sys

import pytest
from calls import CIFAR, ROOT, shell

# Calls a tool with each list of arguments, as if it were started anew.
SCRIPT = """\
import json, runpy, sys
tool, calls, heavy = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3:]
sys.path.insert(0, 'tools')
codes = []
for argv in calls:
    sys.argv = [tool, *argv]
    try:
        runpy.run_path(tool, run_name='__main__')
    except SystemExit as e:
        codes.append(e.code or 0)
print(json.dumps([codes, [name for name in heavy if name in sys.modules]]))
"""
HEAVY = ['torch', 'mmengine', 'mmpretrain', 'numpy', 'matplotlib']
TOOLS = sorted(file.stem for file in (ROOT / 'tools').glob('[!_]*.py'))
PRIOR = ['--prior', 'random']
# What each tool must have, and mistakes of its own.
RIGHT = dict(
    benchmark=['step'], check_targets=['dir', '--config', CIFAR],
    distill=[CIFAR, *PRIOR, '--out', 'dir'],
    embed=[CIFAR, *PRIOR], evaluate=[CIFAR, *PRIOR],
    experiment=['quickstart'], export_backbone=['file', '--to', 'timm'],
    gen_targets=[CIFAR, *PRIOR],
    linear_probe=[CIFAR, *PRIOR], plot_run=['work'],
    prepare_cifar10=[], prepare_fashion_mnist=[], prepare_images=['a', 'b'],
    prepare_mobilenet_v2=[],
    rank_priors=[CIFAR, '--priors', 'random'],
    show_targets=[CIFAR, '--stores', 'dir'], show_views=[CIFAR],
    toy_study=[], train=[CIFAR])
WRONG = dict(
    benchmark=[[], ['step', 'no.py'], ['pca', '--pairs', '0']],
    check_targets=[[], ['dir', '--config', 'no.py']],
    distill=[['no.py', *PRIOR], [CIFAR, *PRIOR],
             [CIFAR, *PRIOR, '--out', 'dir', '--ipc', '0']],
    embed=[['no.py', *PRIOR], [CIFAR], [CIFAR, 'file', *PRIOR]],
    evaluate=[['no.py', *PRIOR], [CIFAR], [CIFAR, 'file', *PRIOR],
              [CIFAR, '--all', 'dir', *PRIOR], [CIFAR, 'f', '--epochs', '0']],
    experiment=[[], ['nothing']],
    export_backbone=[[], ['file'], ['file', '--to', 'jax'],
                     ['file', '--to', 'timm', '--config', 'no.py']],
    gen_targets=[['no.py', *PRIOR], [CIFAR], [CIFAR, *PRIOR, '--amp', 'x']],
    linear_probe=[['no.py', *PRIOR], [CIFAR], [CIFAR, 'file', *PRIOR]],
    plot_run=[[]], prepare_images=[[], ['a', 'b', '--short-side', '0']],
    rank_priors=[['no.py', '--priors', 'random'],
                 [CIFAR, '--priors', 'random', 'random']],
    show_targets=[['no.py', '--stores', 'dir'], [CIFAR]],
    show_views=[['no.py'], [CIFAR, '--classes', '1', '1']],
    toy_study=[['--seeds', '1']],
    train=[['no.py'], ['mmpretrain::byol/no.py'], ['nothing::no.py'],
           [CIFAR, '--launcher', 'x'], [CIFAR, '--dump'],
           [CIFAR, '--rela', '']])
HAVE_OPTIONS = ['benchmark', 'check_targets', 'distill', 'embed',
                'evaluate', 'gen_targets', 'linear_probe', 'rank_priors',
                'show_targets', 'show_views', 'train']


@pytest.mark.parametrize('tool', TOOLS)
def test_help_and_mistakes_import_nothing_heavy(tool):
    right = RIGHT[tool]
    mistakes = [[*right, '--nonsense'], *WRONG.get(tool, [])]
    if tool in HAVE_OPTIONS:
        mistakes.append([*right, '--cfg-options', 'model'])
    done = shell(sys.executable, '-c', SCRIPT, f'tools/{tool}.py',
                 json.dumps([['--help'], *mistakes]), *HEAVY)
    codes, imported = json.loads(done.stdout.splitlines()[-1])
    assert codes == [0] + [2] * len(mistakes), done.stderr
    assert imported == []


def test_a_missing_config_is_named():
    done = shell(sys.executable, 'tools/train.py', 'no.py')
    assert done.returncode == 2 and done.stdout == ''
    assert done.stderr == 'error: no config at no.py\n'


def test_nothing_imports_a_command():
    files = sorted((ROOT / 'tools').rglob('*.py'))
    assert len(files) > 3 * len(TOOLS)
    importing = re.compile(rf'^ *(from|import) ({"|".join(TOOLS)})\b', re.M)
    assert importing.search('\nimport train\n')
    assert [file for file in files if importing.search(file.read_text())] == []
