"""The shell launchers' arguments, and two ranks under a stand-in for Slurm."""
from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from calls import CIFAR, DATA, ROOT, cifar
from forked import free_port

from mmrela import processes as ranks
from mmrela.errors import UserError
from mmrela.targets import TargetStore

# What `srun` is asked to do, one argument a line.
RECORD = '#!/bin/bash\nprintf "%s\\n" "$0" "port $MASTER_PORT" "$@"\n'
# Starts as many processes as `srun` would, on this machine.
RUN = """#!/bin/bash
while [[ $1 == --* ]]; do
  [[ $1 == --ntasks=* ]] && export SLURM_NTASKS=${1#*=}
  shift
done
export SLURM_NODELIST='here[1-2]'
for ((rank = 0; rank < SLURM_NTASKS; rank++)); do
  SLURM_PROCID=$rank SLURM_LOCALID=$rank "$@" &
done
for job in $(jobs -p); do wait "$job" || code=$?; done
exit "${code:-0}"
"""
SCONTROL = ('#!/bin/bash\n[ "$*" = "show hostnames here[1-2]" ] || '
            '[ "$*" = "show hostname here[1-2]" ] || exit 1\n'
            'echo 127.0.0.1; echo 127.0.0.2\n')


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """Run a command from elsewhere, with programs that stand in for others.

    Called as ``shell(dict(NAME=SCRIPT), *command, **environment)``.
    """
    for name in ('RANK', 'WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT', 'PORT'):
        monkeypatch.delenv(name, raising=False)

    def run(programs, *command, **environment):
        folder = tmp_path / 'bin'
        folder.mkdir(exist_ok=True)
        for name, script in programs.items():
            (folder / name).write_text(script)
            (folder / name).chmod(0o755)
        return subprocess.run(
            [*map(str, command)], capture_output=True, text=True,
            cwd=tmp_path, timeout=900,
            env=dict(os.environ, OMP_NUM_THREADS='1', PYTHONPATH=str(ROOT),
                     PATH=f'{folder}:{os.environ["PATH"]}', **environment))

    return run


@pytest.fixture
def scontrol(tmp_path, monkeypatch):
    (tmp_path / 'scontrol').write_text(SCONTROL)
    (tmp_path / 'scontrol').chmod(0o755)
    monkeypatch.setenv('PATH', str(tmp_path), os.pathsep)
    for name in ('RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'MASTER_ADDR',
                 'MASTER_PORT'):
        monkeypatch.setenv(name, '')  # undone after the test
        monkeypatch.delenv(name)
    for name, value in dict(PROCID=3, NTASKS=4, LOCALID=1,
                            NODELIST='here[1-2]').items():
        monkeypatch.setenv(f'SLURM_{name}', str(value))


def test_srun_gets_mmpretrains_arguments(shell):
    done = shell(
        dict(srun=RECORD), 'bash', ROOT / 'tools' / 'slurm_train.sh', 'gpu',
        'my job', 'a config.py', 'work', '--amp', '--cfg-options', 'a.b=[1,2]',
        'c="x y"', GPUS='16', GPUS_PER_NODE='4', CPUS_PER_TASK='7', PORT='1',
        SRUN_ARGS='--time=1:00 --exclusive', PYTHON='python3')
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1:] == [
        'port 1', '--partition=gpu', '--job-name=my job', '--gres=gpu:4',
        '--ntasks=16', '--ntasks-per-node=4', '--cpus-per-task=7',
        '--kill-on-bad-exit=1', '--time=1:00', '--exclusive', 'python3', '-u',
        f'{ROOT}/tools/train.py', 'a config.py', '--work-dir', 'work',
        '--resume', '--launcher', 'slurm', '--amp', '--cfg-options',
        'a.b=[1,2]', 'c="x y"']


def test_defaults_are_mmpretrains(shell):
    done = shell(dict(srun=RECORD), 'bash', ROOT / 'tools' / 'slurm_train.sh',
                 'gpu', 'name', 'config.py', 'work', PYTHON='')
    arguments = done.stdout.splitlines()[1:]
    assert arguments[0] == 'port 29500'
    assert {'--gres=gpu:8', '--ntasks=8', '--ntasks-per-node=8',
            '--cpus-per-task=5'} < {*arguments}
    assert arguments[8] == 'python' and arguments[-1] == 'slurm'


def test_code_of_srun_is_passed_on(shell):
    done = shell(dict(srun='#!/bin/bash\nexit 7\n'), 'bash',
                 ROOT / 'tools' / 'slurm_train.sh', 'p', 'j', 'c', 'w')
    assert done.returncode == 7


def test_usage(shell):
    done = shell({}, 'bash', ROOT / 'tools' / 'slurm_train.sh', 'p', 'j', 'c')
    assert done.returncode == 2 and done.stdout == ''
    assert done.stderr.startswith('usage: ') and 'WORK_DIR' in done.stderr


def test_dist_train_passes_everything_on(shell):
    done = shell(
        dict(python=RECORD), 'bash', ROOT / 'tools' / 'dist_train.sh',
        'a config.py', 8, '--resume', '--amp', '--auto-scale-lr',
        '--cfg-options', 'a.b=[1,2]', 'c="x y"', NNODES='2', NODE_RANK='1',
        MASTER_ADDR='host', PORT='1', PYTHON='python')
    assert done.stdout.splitlines()[2:] == [
        f'{ROOT}/tools/_launch.py', '--nnodes=2', '--node_rank=1',
        '--master_addr=host', '--master_port=1', '--nproc_per_node=8',
        f'{ROOT}/tools/train.py', 'a config.py', '--launcher', 'pytorch',
        '--resume', '--amp', '--auto-scale-lr', '--cfg-options', 'a.b=[1,2]',
        'c="x y"']


def test_dist_train_is_for_one_machine_by_default(shell):
    done = shell(dict(python=RECORD), 'bash',
                 ROOT / 'tools' / 'dist_train.sh', 'c.py', 2, PYTHON='')
    assert done.stdout.splitlines()[3:8] == [
        '--nnodes=1', '--node_rank=0', '--master_addr=127.0.0.1',
        '--master_port=29500', '--nproc_per_node=2']


@pytest.mark.parametrize('name', ['dist_train', 'slurm_train'])
def test_a_users_cdpath_does_not_count(shell, tmp_path, name):
    """``cd`` tells where it went then."""
    (tmp_path / 'tools').symlink_to(ROOT / 'tools')
    done = shell(dict(python=RECORD, srun=RECORD), 'bash',
                 f'tools/{name}.sh', 'a', 8, 'c', 'w', CDPATH='.', PYTHON='')
    found = done.stdout.splitlines()
    assert f'{tmp_path}/tools/train.py' in found
    assert f'{tmp_path}/tools' not in found


@pytest.mark.parametrize('given, address, port', [
    ({}, '127.0.0.1', '29500'),
    (dict(MASTER_ADDR='host', MASTER_PORT='5'), 'host', '5')])
def test_slurm_variables(scontrol, monkeypatch, given, address, port):
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    ranks.read_slurm()
    names = 'RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'MASTER_ADDR', 'MASTER_PORT'
    assert [os.environ[name] for name in names] == [
        '3', '4', '1', address, port]


@pytest.mark.parametrize('missing', ['PROCID', 'NTASKS', 'NODELIST'])
def test_processes_that_srun_did_not_start(scontrol, monkeypatch, missing):
    monkeypatch.delenv(f'SLURM_{missing}')
    with pytest.raises(UserError, match=f'srun.*SLURM_{missing}'):
        ranks.start('slurm')


def test_a_broken_node_list(scontrol, monkeypatch):
    monkeypatch.setenv('SLURM_NODELIST', 'elsewhere')
    with pytest.raises(UserError, match='srun.*scontrol'):
        ranks.start('slurm')


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_targets_training_and_requeue_on_two_ranks(shell, cifar_root,
                                                   tmp_path):
    programs = dict(srun=RUN, scontrol=SCONTROL)
    port = str(free_port())
    options = cifar(
        cifar_root, tmp_path / 'targets', f'{DATA}.indices=24',
        'train_dataloader.batch_size=4', 'model.rela_head.out_channels=4',
        'default_hooks.logger.interval=1')
    done = shell(
        programs, 'srun', '--ntasks=2', sys.executable,
        ROOT / 'tools' / 'gen_targets.py', CIFAR, '--prior', 'random',
        '--launcher', 'slurm', *options, MASTER_PORT=port)
    assert done.returncode == 0, done.stderr
    assert len(TargetStore.open(tmp_path / 'targets')) == 24
    for epochs in (1, 2):
        done = shell(
            programs, 'bash', ROOT / 'tools' / 'slurm_train.sh', 'gpu', 'job',
            CIFAR, tmp_path / 'work', *options,
            f'train_cfg.max_epochs={epochs}',
            'default_hooks.checkpoint.interval=1', GPUS='2', PORT=port,
            PYTHON=sys.executable)
        assert done.returncode == 0, done.stderr
    steps = [json.loads(line)['step'] for file in sorted(
        Path(tmp_path / 'work').glob('*/vis_data/scalars.json'))
        for line in file.open()]
    assert steps == [1, 2, 3, 4, 5, 6]
