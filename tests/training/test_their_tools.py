"""mmpretrain's tools, as it installed them, run on our configs."""
from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import mmpretrain
import pytest
import torch
from hosts import CONFIGS, hand_over_after, small_config

TOOLS = Path(mmpretrain.__file__).parent / '.mim' / 'tools'
pytestmark = pytest.mark.slow


def run(tool, *argv, cwd):
    done = subprocess.run(
        [sys.executable, str(TOOLS / f'{tool}.py'), *map(str, argv)],
        capture_output=True, text=True, cwd=cwd, env=dict(
            PATH='', OMP_NUM_THREADS='1', MPLBACKEND='agg',
            PYTHONPATH=str(CONFIGS.parent)))
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope='module')
def trained(cifar_root, tmp_path_factory):
    """A config's file and its work directory, after two epochs."""
    folder = tmp_path_factory.mktemp('theirs')
    cfg = small_config(
        'BYOL', cifar_root, folder / 'whole', train_cfg__max_epochs=2,
        log_level='INFO', **hand_over_after(5, 16))
    file = folder / 'mine.py'
    cfg.dump(file)
    run('train', file, cwd=folder)
    return file, folder / 'whole'


def test_train_resumes_exactly(trained):
    file, whole = trained
    again = file.parent / 'again'
    again.mkdir()
    shutil.copy(whole / 'epoch_1.pth', again)
    (again / 'last_checkpoint').write_text(str(again / 'epoch_1.pth'))
    run('train', file, '--resume', '--work-dir', again, cwd=file.parent)
    expected, found = (torch.load(folder / 'epoch_2.pth')['state_dict']
                       for folder in (whole, again))
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        assert torch.equal(value, found[name]), name


def test_what_a_run_leaves(trained):
    file, whole = trained
    folder = file.parent
    run('model_converters/publish_model', whole / 'epoch_2.pth',
        folder / 'out.pth', cwd=folder)
    published, = folder.glob('out_*.pth')
    assert {*torch.load(published)} >= {'state_dict', 'meta'}
    log, = whole.glob('*/vis_data/scalars.json')
    run('analysis_tools/analyze_logs', 'plot_curve', log, '--keys', 'loss',
        'lambda', '--out', folder / 'curves.png', cwd=folder)
    run('analysis_tools/analyze_logs', 'cal_train_time', log, cwd=folder)
    assert (folder / 'curves.png').is_file()


def test_looks_before_a_run(trained):
    file, _ = trained
    folder = file.parent
    run('visualization/vis_scheduler', file, '-d', '64', '--not-show', '-s',
        folder / 'rate.png', cwd=folder)
    run('visualization/browse_dataset', file, '-m', 'original', '-n', '2',
        '--not-show', '-o', folder / 'images', cwd=folder)
    assert (folder / 'rate.png').is_file()
    assert len([*(folder / 'images').iterdir()]) == 2
