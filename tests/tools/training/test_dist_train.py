"""The user's commands on two ranks, for ImageNet's config on 18 images."""
from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch
from calls import DATA, IN1K, ROOT, call, shell
from mmengine.config import Config
from mmpretrain.registry import MODELS

from mmrela.engine import latest

LINEAR = str(ROOT / 'configs' / 'linear' / 'resnet50_in1k.py')
EPOCH = 3  # steps: 18 images on two ranks, in batches of three each
# The architectures stay what they are, an eighth as wide.
SMALL = ['model.backbone.base_channels=8', 'model.backbone.stem_channels=8']
TRAIN = [
    *SMALL, 'model.neck.in_channels=256', 'model.neck.hid_channels=32',
    'model.head.predictor.hid_channels=32',
    'model.rela_head.out_channels=16', 'train_dataloader.batch_size=3',
    'train_dataloader.num_workers=1',
    f'{DATA}.pipeline.1.transforms.0.0.scale=32',
    f'{DATA}.pipeline.1.transforms.1.0.scale=32',
    f'{DATA}.rela_pipeline.0.transforms.0.0.scale=32',
    'default_hooks.rela.schedule.type=FixedLambda',
    'default_hooks.rela.schedule.fraction=0.4',
    'default_hooks.logger.interval=1',
]
PROBE = [
    *SMALL, 'model.head.in_channels=256', 'train_cfg.max_epochs=1',
    'train_dataloader.batch_size=6', 'train_dataloader.num_workers=0',
    f'{DATA}.pipeline.1.scale=32', 'val_dataloader.num_workers=0',
    'default_hooks.checkpoint.interval=1',
]


def logged(work_dir: Path) -> list[dict]:
    """All scalars of a run, in the order of its starts."""
    files = sorted(work_dir.glob('*/vis_data/scalars.json'))
    return [json.loads(line) for f in files for line in f.open()]


def summary(work_dir: Path) -> dict:
    return json.loads((work_dir / 'train.json').read_text())


def weights(file: Path) -> dict:
    return torch.load(file, weights_only=True)['state_dict']


def probe_options(checkpoint: Path, images: Path) -> list[str]:
    """Options of the linear benchmark for an eighth of a ResNet-50."""
    return ['--cfg-options', *PROBE, f'{DATA}.data_root={images}',
            f'val_dataloader.dataset.data_root={images}',
            f'model.backbone.init_cfg.checkpoint={checkpoint}']


def test_a_mistake_is_one_sentence_on_two_ranks(tmp_path):
    done = shell('bash', 'tools/dist_train.sh', IN1K, 2, '--work-dir',
                 tmp_path, '--cfg-options',
                 f'{DATA}.data_root={tmp_path}/nowhere', *TRAIN)
    assert done.returncode == 2
    said = [line for line in done.stderr.splitlines() if 'error: ' in line]
    assert said and all(f'{tmp_path}/nowhere' in line for line in said)
    assert 'Traceback' not in done.stdout + done.stderr


def test_usage():
    done = shell('bash', 'tools/dist_train.sh', IN1K)
    assert done.returncode == 2 and done.stdout == ''
    assert done.stderr.startswith('usage: ') and 'GPUS' in done.stderr


def test_linear_benchmark_can_be_resumed(image_folder, tmp_path):
    cfg = Config.fromfile(LINEAR).model.backbone
    cfg.update(init_cfg=None, base_channels=8, stem_channels=8)
    state = MODELS.build(cfg).state_dict()
    torch.save(dict(state_dict={f'backbone.{k}': v for k, v in state.items()}),
               tmp_path / 'backbone.pth')
    assert call('train', LINEAR, '--work-dir', tmp_path / 'work',
                *probe_options(tmp_path / 'backbone.pth', image_folder)) == 0
    newest = latest.newest_sound(tmp_path / 'work')
    assert newest == str(tmp_path / 'work' / 'epoch_1.pth')


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_from_images_to_a_probe(image_folder, tmp_path):
    """Targets; three epochs with a hand-over; one more; a linear probe."""
    targets, work_dir = tmp_path / 'targets', tmp_path / 'work'
    options = ['--cfg-options', f'{DATA}.data_root={image_folder}', *TRAIN,
               f'{DATA}.targets={targets}']
    done = shell(
        sys.executable, 'tools/gen_targets.py', IN1K, '--prior',
        'torchvision:mobilenet_v2', '--weights', 'none', '--image-size', 32,
        '--dim', 16, '--normalize', 'whiten', *options)
    assert done.returncode == 0, done.stderr
    assert f'{targets}: 18 targets of 16 components' in done.stdout

    train = ['bash', 'tools/dist_train.sh', IN1K, 2, '--work-dir', work_dir]
    done = shell(*train, *options, 'train_cfg.max_epochs=3')
    assert done.returncode == 0, done.stderr
    rows = logged(work_dir)
    assert [row['step'] for row in rows] == list(range(1, 3 * EPOCH + 1))
    assert [row['lambda'] for row in rows] == 3 * [1] + 6 * [0]
    # Two batches in flight are still RELA's.
    assert ['rela_loss' in row for row in rows] == 6 * [True] + 3 * [False]
    assert summary(work_dir)['switch_step'] == 4

    done = shell(*train, '--resume', *options, 'train_cfg.max_epochs=4')
    assert done.returncode == 0, done.stderr
    rows = logged(work_dir)[3 * EPOCH:]
    assert [row['step'] for row in rows] == list(
        range(3 * EPOCH + 1, 4 * EPOCH + 1))
    assert not any(row['lambda'] or 'rela_loss' in row for row in rows)
    assert summary(work_dir)['switch_step'] == 4
    assert summary(work_dir)['steps'] == 4 * EPOCH
    trained = weights(work_dir / 'epoch_4.pth')

    done = shell(sys.executable, 'tools/train.py', LINEAR, '--work-dir',
                 tmp_path / 'linear',
                 *probe_options(work_dir / 'epoch_4.pth', image_folder))
    assert done.returncode == 0, done.stderr
    probed = weights(tmp_path / 'linear' / 'epoch_1.pth')
    backbone = [key for key in probed if key.startswith('backbone.')]
    assert 'backbone.conv1.weight' in backbone and len(backbone) > 300
    for key in backbone:
        assert torch.equal(probed[key], trained[key]), key
    assert 'accuracy/top1' in logged(tmp_path / 'linear')[-1]
