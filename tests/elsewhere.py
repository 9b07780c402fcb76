"""Trainings by environments that hold other packages than this one."""
from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import torch
from hosts import HOSTS, hand_over_after, small_options

ROOT = Path(__file__).parents[1]
CONSTRAINTS = ROOT / 'tools' / 'constraints.txt'


def make_venv(base: str, venv: Path) -> Path:
    """An interpreter with nothing but pip."""
    subprocess.run([base, '-m', 'venv', str(venv)], check=True)
    return venv / 'bin' / 'python'


def pip_install(python: Path, *arguments) -> None:
    """Install the versions that were run together."""
    subprocess.run([str(python), '-m', 'pip', 'install', '-q', '-c',
                    str(CONSTRAINTS), *map(str, arguments)], check=True)


def environment(**variables: str) -> dict[str, str]:
    """This process's, but for what would let it find this checkout."""
    ours = {k: v for k, v in os.environ.items() if k != 'PYTHONPATH'}
    return dict(ours, OMP_NUM_THREADS='1', **variables)


def run_tool(python: Path, checkout: Path, tool: str, *arguments,
             cwd: Path, **variables: str) -> str:
    """Run a checkout's tool, and return what it printed."""
    done = subprocess.run(
        [str(python), '-W', 'ignore', str(checkout / 'tools' / f'{tool}.py'),
         *map(str, arguments)],
        cwd=cwd, env=environment(**variables), capture_output=True,
        text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def train_through_the_hand_over(python: Path, checkout: Path,
                                cifar_root: Path, folder: Path,
                                **variables: str) -> None:
    """Make targets and train, from a folder whose config inherits by path.

    Args:
        python: The interpreter.
        checkout: Where configs/ and tools/ lie.
        cifar_root: The data.
        folder: An empty one.
        **variables: Of the environment.
    """
    base = checkout / 'configs' / HOSTS['BYOL'][0]
    (folder / 'heir.py').write_text(
        f'_base_ = {str(base)!r}\ntrain_cfg = dict(max_epochs=2)\n')
    options = small_options('BYOL', cifar_root, folder / 'work',
                            log_level='INFO', **hand_over_after(4, 16))
    for tool, arguments in (('gen_targets', ['--prior', 'random']),
                            ('train', [])):
        said = run_tool(python, checkout, tool, 'heir.py', *arguments,
                        '--cfg-options',
                        *(f'{k}={v}' for k, v in options.items()),
                        cwd=folder, **variables)
    assert 'RELA hands over at step 4' in said
    checkpoint = torch.load(folder / 'work' / 'epoch_2.pth',
                            weights_only=True)
    assert checkpoint['rela']['switch_step'] == 4


def experiment(python: Path, checkout: Path, cifar_root: Path,
               folder: Path) -> dict:
    """The result of an experiment's smallest run, done in the checkout.

    It makes targets, trains and probes, each by the checkout's tool.
    """
    data = {f'{key}.data_root': str(cifar_root) for key in (
        'train_dataloader.dataset', 'probe.train', 'probe.test')}
    base = checkout / 'configs' / 'experiments' / 'quickstart.py'
    table, results = folder / 'table.py', folder / 'results.jsonl'
    table.write_text(f'_base_ = {str(base)!r}\n'
                     f'sizes = dict(smoke=dict(overrides={data}))\n')
    run_tool(python, checkout, 'experiment', table, '--size', 'smoke',
             '--only', 'random prior', '--results', results,
             '--work-dir', folder / 'work', cwd=checkout)
    line, = results.read_text().splitlines()
    return json.loads(line)
