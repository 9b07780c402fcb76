"""The maintained forks of mmengine and mmpretrain, beside mmcv-lite.

They carry the import names of the originals, so mmrela is not installed
beside them (that would bring the originals), but imported from here.
onedl-mmcv 2.3.6 comes as sources alone, which do not compile against the
pinned torch (it asks for C++20), so it has no part in this.
"""
import sys

import pytest
from elsewhere import ROOT, make_venv, pip_install, train_through_the_hand_over

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope='module')
def python(tmp_path_factory):
    """An interpreter with the forks."""
    python = make_venv(sys.executable,
                       tmp_path_factory.mktemp('forks') / 'venv')
    pip_install(python, 'setuptools', 'wheel', 'torch', 'torchvision', 'tqdm',
                'einops', 'importlib-metadata', 'mat4py', 'modelindex',
                'matplotlib', 'opencv-python', 'packaging', 'onedl-mmengine')
    pip_install(python, '--no-deps', '--no-build-isolation', 'mmcv-lite',
                'onedl-mmpretrain')
    return python


def test_a_training_goes_through_the_hand_over(python, cifar_root, tmp_path):
    train_through_the_hand_over(python, ROOT, cifar_root, tmp_path,
                                PYTHONPATH=str(ROOT))
