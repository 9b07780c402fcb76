"""The maintained forks of mmengine and mmpretrain, beside mmcv-lite.

They carry the import names of the originals, so mmrela is not installed
beside them (that would bring the originals), but imported from here.
onedl-mmcv 2.3.6 comes as sources alone, which do not compile against the
pinned torch (it asks for C++20), so it has no part in this.
"""
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hosts import hand_over_after, small_config

ROOT = Path(__file__).parents[1]
CONSTRAINTS = ROOT / 'tools' / 'constraints.txt'
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope='module')
def python(tmp_path_factory):
    """An interpreter with the forks."""
    venv = tmp_path_factory.mktemp('forks') / 'venv'
    subprocess.run([sys.executable, '-m', 'venv', str(venv)], check=True)
    pip = [str(venv / 'bin' / 'pip'), 'install', '-q', '-c', str(CONSTRAINTS)]
    subprocess.run([*pip, 'setuptools', 'wheel', 'torch', 'torchvision',
                    'tqdm', 'einops', 'importlib-metadata', 'mat4py',
                    'modelindex', 'matplotlib', 'opencv-python', 'packaging',
                    'onedl-mmengine'], check=True)
    subprocess.run([*pip, '--no-deps', '--no-build-isolation', 'mmcv-lite',
                    'onedl-mmpretrain'], check=True)
    return venv / 'bin' / 'python'


def test_a_training_goes_through_the_hand_over(python, cifar_root, tmp_path):
    cfg = small_config('BYOL', cifar_root, tmp_path / 'work',
                       train_cfg__max_epochs=2, log_level='INFO',
                       **hand_over_after(4, 16))
    file = tmp_path / 'config.py'
    cfg.dump(str(file))
    done = subprocess.run(
        [str(python), '-W', 'ignore', 'tools/train.py', str(file)], cwd=ROOT,
        capture_output=True, text=True, timeout=600,
        env=dict(os.environ, OMP_NUM_THREADS='1', PYTHONPATH=str(ROOT)))
    assert done.returncode == 0, done.stderr
    assert 'RELA hands over at step 4' in done.stdout + done.stderr
    checkpoint = torch.load(tmp_path / 'work' / 'epoch_2.pth',
                            weights_only=True)
    assert checkpoint['rela']['switch_step'] == 4
