"""Runs of this project as priors of other ones."""
from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from hosts import small_config
from mmpretrain.registry import MODELS
from PIL import Image
from smooth import smooth_images

from mmrela.errors import UserError
from mmrela.priors import build_prior


@pytest.fixture(scope='module')
def run(cifar_root, tmp_path_factory):
    """A config file, a checkpoint as a Runner writes it, and the model."""
    work_dir = tmp_path_factory.mktemp('run') / 'work'
    cfg = small_config('BYOL', cifar_root, work_dir)
    work_dir.mkdir()
    cfg.dump(work_dir / 'config.py')
    torch.manual_seed(5)
    model = MODELS.build(copy.deepcopy(cfg.model))
    model.init_weights()
    torch.save(dict(state_dict=model.state_dict(), meta=dict(epoch=1)),
               work_dir / 'epoch_1.pth')
    return work_dir / 'config.py', work_dir / 'epoch_1.pth', model.eval(), cfg


def test_checkpoint_is_the_runs_backbone(run):
    config, file, model, cfg = run
    prior = build_prior(f'checkpoint:{config},{file}')
    assert prior.name == f'checkpoint:{config},{file}'
    pixels = smooth_images(3, (32, 32))
    stats = cfg.data_preprocessor
    seen = (pixels - torch.tensor(stats.mean)[:, None, None]
            ) / torch.tensor(stats.std)[:, None, None]
    x = torch.stack([prior.preprocess(Image.fromarray(
        image.permute(1, 2, 0).numpy())) for image in pixels])
    torch.testing.assert_close(x, seen)
    with torch.inference_mode():
        wanted = model.backbone(seen)[-1].mean((2, 3))
        torch.testing.assert_close(prior.model(x), wanted)
    assert wanted.std(0).max() > 1e-4


def test_another_config_does_not_change_it(run):
    config, file, _, cfg = run
    other = copy.deepcopy(cfg)
    other.model.backbone.depth = 34
    other.data_preprocessor.mean = [0, 0, 0]
    prints = [build_prior(f'checkpoint:{config},{file}', cfg=c).fingerprint()
              for c in (None, other)]
    assert prints[0] == prints[1]


def test_size_in_the_spelling(run):
    config, file, *_ = run
    spec = f'checkpoint:{config},{file}'
    image = Image.fromarray(np.zeros((70, 50, 3), np.uint8))
    asked = build_prior(f'{spec},size=48')
    assert asked.preprocess(image).shape == (3, 48, 48)
    assert asked.name == spec
    assert asked.fingerprint() == build_prior(spec, None, 48).fingerprint()
    assert build_prior(spec).preprocess(image).shape == (3, 70, 50)


@pytest.mark.parametrize('name, reason', [
    ('{config}', 'write checkpoint:CONFIG,FILE'),
    ('{config},', 'write checkpoint:CONFIG,FILE'),
    ('{config},nowhere.pth', 'no weights at nowhere.pth'),
    ('nowhere.py,{file}', 'nowhere.py is missing or no config'),
    ('{file},{file}', 'is missing or no config'),
    ('{torn},{file}', 'torn.py is missing or no config'),
    ('{config},{file},weights=none', 'leave out --weights'),
    ('{other},{file}', 'does not hold the backbone'),
    ('{empty},{file}', 'no model.backbone'),
])
def test_refused(run, tmp_path, name, reason):
    config, file, _, cfg = run
    other = copy.deepcopy(cfg)
    other.model.backbone.depth = 34
    other.dump(tmp_path / 'other.py')
    (tmp_path / 'empty.py').write_text('a = 1')
    (tmp_path / 'torn.py').write_text(
        'from mmengine.config import read_base\nwith read_base():\n'
        '    from .nothing import *\n')
    name = name.format(config=config, file=file, **{
        each: tmp_path / f'{each}.py' for each in ('other', 'empty', 'torn')})
    with pytest.raises(UserError, match=reason):
        build_prior(f'checkpoint:{name}')


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
def test_gpu_generator_is_left_alone(run):
    before = torch.cuda.get_rng_state()
    build_prior('random:3', cfg=run[3])
    assert torch.equal(torch.cuda.get_rng_state(), before)
