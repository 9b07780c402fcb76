"""The wheel, installed as users do, under each Python that it is for."""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from elsewhere import (
    environment,
    experiment,
    make_venv,
    pip_install,
    train_through_the_hand_over,
)
from test_packaging import clean_copy, make_wheel

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def interpreter(version: str) -> str:
    """One that is on PATH, or that this environment was made from."""
    folders = [*os.get_exec_path(), str(Path(sys.base_prefix, 'bin'))]
    for folder in folders:
        found = shutil.which(f'python{version}', path=folder)
        # A version manager's stand-in is found, and may start nothing.
        if found and subprocess.run([found, '-c', 'import ensurepip, venv'],
                                    capture_output=True).returncode == 0:
            return found
    pytest.skip(f'no python{version}')


@pytest.fixture(scope='module')
def wheel(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp('wheel')
    make_wheel(clean_copy(out), out / 'built')
    return next((out / 'built').glob('*.whl'))


@pytest.fixture(params=['3.10', '3.11', '3.12'])
def python(request, wheel, tmp_path) -> Iterator[Path]:
    """An interpreter with the wheel: 6 GB, which go after each test."""
    base, venv = interpreter(request.param), tmp_path / 'venv'
    try:
        python = make_venv(base, venv)
        pip_install(python, f'{wheel}[lite]')
        yield python
    finally:
        shutil.rmtree(venv, ignore_errors=True)


@pytest.fixture
def checkout(python, tmp_path) -> Path:
    """Where the wheel brought configs/ and tools/."""
    found = subprocess.run(
        [str(python), '-W', 'ignore', '-c',
         'import mmrela; print(mmrela.__path__[0])'],
        cwd=tmp_path, env=environment(), check=True, capture_output=True,
        text=True)
    package = Path(found.stdout.split()[-1])
    assert package.is_relative_to(python.parents[1])
    return package / '.mim'


def test_tools_of_a_wheel_work(python, checkout, cifar_root, tmp_path):
    """Targets, a training through the hand-over, and an experiment."""
    said = subprocess.check_output(
        [str(python.with_name('mmrela')), '--version'], cwd=tmp_path,
        env=environment(), text=True)
    assert said.startswith('mmrela ')
    folders = tmp_path / 'training', tmp_path / 'experiment'
    for folder in folders:
        folder.mkdir()
    train_through_the_hand_over(python, checkout, cifar_root, folders[0])
    result = experiment(python, checkout, cifar_root, folders[1])
    assert result['steps'] >= result['epochs'] > 0
    assert 0 <= result['linear_top1'] <= 100
