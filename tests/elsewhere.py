"""Trainings by environments that hold other packages than this one."""
from __future__ import annotations

import os
import subprocess
from pathlib import Path

import torch
from hosts import HOSTS, hand_over_after, small_arguments

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


def train_through_the_hand_over(python: Path, checkout: Path,
                                cifar_root: Path, folder: Path,
                                **variables: str) -> None:
    """Train from a folder whose config inherits by path.

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
    done = subprocess.run(
        [str(python), '-W', 'ignore', str(checkout / 'tools' / 'train.py'),
         'heir.py', *small_arguments(
             'BYOL', cifar_root, folder / 'work', log_level='INFO',
             **hand_over_after(4, 16))],
        cwd=folder, env=environment(**variables), capture_output=True,
        text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert 'RELA hands over at step 4' in done.stdout + done.stderr
    checkpoint = torch.load(folder / 'work' / 'epoch_2.pth',
                            weights_only=True)
    assert checkpoint['rela']['switch_step'] == 4
