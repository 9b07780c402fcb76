"""The tool around generation: options, several ranks, verification."""
from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import upstream
from calls import CIFAR, DATA, IN1K, ROOT, call, cifar, in1k, lines
from mmpretrain.models.selfsup import BaseSelfSupervisor
from mmpretrain.registry import MODELS
from torch import nn
from torchvision.transforms.functional import pil_to_tensor

from mmrela import priors
from mmrela.pca import NORMALIZATIONS
from mmrela.targets import TargetStore


def random(root, out, *more) -> list:
    return [CIFAR, '--prior', 'random', '--dim', 4, *more, *cifar(root, out)]


@pytest.fixture
def store(four_components, tmp_path) -> Path:
    return shutil.copytree(four_components, tmp_path / 'store')


def test_verify(cifar_root, store, capsys):
    asked = random(cifar_root, store, '--verify', 8)
    capsys.readouterr()
    assert call('gen_targets', *asked) == 0
    out, err = capsys.readouterr()
    assert '8 targets recomputed, smallest cosine 1.0' in out
    targets = np.load(store / 'targets.npy', mmap_mode='r+')
    targets[:] = targets[::-1].copy()  # swapped under right ids
    targets.flush()
    assert call('gen_targets', *asked) == 2
    out, err = capsys.readouterr()
    assert len(lines(err)) == 1 and 'less than 0.99' in lines(err)[0]
    other = [CIFAR, '--prior', 'random:1', '--verify', 8,
             *cifar(cifar_root, store)]
    assert call('gen_targets', *other) == 2
    assert 'prior with another' in lines(capsys.readouterr().err)[0]


def test_features_that_were_removed_are_not_offered(cifar_root, store,
                                                    capsys):
    for there in (True, False):
        capsys.readouterr()
        assert call('gen_targets', *random(cifar_root, store)) == 0
        out, _ = capsys.readouterr()
        assert ('may be removed' in out) == there
        shutil.rmtree(store / 'features', ignore_errors=True)


def test_views(cifar_root, store, tmp_path, capsys, mistake):
    out = tmp_path / 'views'
    assert call('gen_targets', *random(
        cifar_root, out, '--views', 2, '--dry-run')) == 0
    assert 'for 16 images x 2 views at' in capsys.readouterr().out
    assert call('gen_targets', *random(cifar_root, out, '--views', 2)) == 0
    assert ('32 targets of 4 components, 2 views of each image, from random'
            in capsys.readouterr().out)
    assert call('check_targets', out, '--deep', '--config', CIFAR, *cifar(
        cifar_root, out, 'model.rela_head.out_channels=4')) == 0
    assert capsys.readouterr().out.endswith(
        '32 targets of 4 components, 2 views of each image, from random:0\n')
    assert call('gen_targets', *random(cifar_root, out, '--verify', 99)) == 0
    assert '32 targets recomputed' in capsys.readouterr().out
    assert '2 views of each image, --views says 3' in mistake(
        'gen_targets', *random(cifar_root, out, '--verify', 9, '--views', 3))
    assert 'another views (1)' in mistake(
        'gen_targets', *random(cifar_root, store, '--views', 2))
    assert 'another views (2)' in mistake(
        'gen_targets', *random(cifar_root, out))


def test_verify_needs_a_finished_store(cifar_root, tmp_path, capsys):
    assert call('gen_targets', *random(cifar_root, tmp_path / 'no',
                                       '--verify', 8)) == 2
    assert f"no targets at {tmp_path / 'no'}" in capsys.readouterr().err


def test_config_names_its_prior(cifar_root, store, tmp_path, capsys):
    wanted = f'{DATA}.prior=torchvision:alexnet'
    asked = [*random(cifar_root, tmp_path / 'other'), wanted]
    assert call('gen_targets', *asked) == 2
    assert 'prior expects torchvision:alexnet' in capsys.readouterr().err
    options = cifar(cifar_root, store, wanted,
                    'model.rela_head.out_channels=4')
    assert call('train', CIFAR, '--work-dir', tmp_path, *options) == 2
    said = lines(capsys.readouterr().err)[-1]
    assert 'was made by the prior random' in said and 'alexnet' in said


def test_bad_images(image_folder, tmp_path, capsys):
    root = shutil.copytree(image_folder, tmp_path / 'images')
    (root / 'train' / 'class_1' / '3.jpg').write_bytes(b'no image')
    asked = [IN1K, '--prior', 'random', '--dim', 6, '--image-size', 32]
    options = in1k(root, tmp_path / 'out')
    assert call('gen_targets', *asked, *options) == 2
    said = capsys.readouterr().err
    assert 'class_1/3.jpg cannot be read' in said
    assert said.endswith(' or pass --on-bad-image skip\n')
    skip = ['--on-bad-image', 'skip']
    assert call('gen_targets', *asked, *skip, *options) == 0
    said = capsys.readouterr().out
    assert '17 targets' in said and '1 unreadable images are left out' in said
    meta = json.loads((tmp_path / 'out' / 'meta.json').read_text())
    assert [i for i, _ in meta['skipped']] == [9]


def torchrun(size: int, *arguments) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, ROOT / 'tools' / '_launch.py', '--standalone',
         f'--nproc_per_node={size}', ROOT / 'tools' / 'gen_targets.py',
         *map(str, arguments)],
        capture_output=True, text=True,
        env=dict(os.environ, PYTHONPATH=str(ROOT), OMP_NUM_THREADS='1'))


@pytest.mark.slow
def test_torchrun(cifar_root, store, tmp_path):
    out = tmp_path / 'out'
    asked = random(cifar_root, out, '--launcher', 'pytorch')
    done = torchrun(2, *asked)
    assert done.returncode == 0, done.stderr
    assert len(lines(done.stdout)) == 1
    for name in ('targets.npy', 'pca.npz'):
        assert (out / name).read_bytes() == (store / name).read_bytes()
    done = torchrun(2, *random(cifar_root, out, '--launcher', 'pytorch',
                               '--normalize', 'center'))
    assert done.returncode == 2 and 'Traceback' not in done.stderr
    assert 'already holds targets with another pca' in done.stderr


def test_list_priors(capsys):
    """Needs neither a config nor a prior."""
    assert call('gen_targets', '--list-priors') == 0
    out, err = capsys.readouterr()
    for kind in ('open_clip', 'torchvision', 'timm', 'mmpretrain',
                 'checkpoint', 'random', 'file'):
        assert sum(line.startswith(f'{kind}') and line.endswith('.')
                   for line in out.split('\n')) == 1, kind
    assert out.count('licence') + out.count('under ') >= 4
    assert '`' not in out
    assert max(map(len, out.split('\n'))) < 80


def shown_prior() -> str:
    """The module that the README shows."""
    blocks = (ROOT / 'tools/README.md').read_text().split('```python\n')
    return next(block.partition('```')[0] for block in blocks
                if 'load_mine' in block)


def test_prior_of_ones_own(cifar_root, tmp_path, monkeypatch):
    """A few lines in a module that the config imports."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(priors, 'PRIORS', priors.PRIORS.copy())
    (tmp_path / 'my_priors.py').write_text(shown_prior())
    config = tmp_path / 'config.py'
    config.write_text(f"_base_ = {CIFAR!r}\n"
                      "custom_imports = dict(imports=['mmrela', "
                      "'my_priors'])\n")
    assert call('gen_targets', config, '--prior', 'mine:16', '--dim', 4,
                '--image-size', 32, *cifar(cifar_root, tmp_path / 'out')) == 0
    store = TargetStore.open(tmp_path / 'out')
    assert store.meta['prior']['name'] == 'mine:16'
    images = np.fromfile(
        cifar_root / 'cifar-10-batches-bin' / 'data_batch_1.bin', np.uint8,
        16 * 3073).reshape(16, 3073)[:, 1:].reshape(16, 3, 2, 16, 2, 16)
    features = images.mean((3, 5)).reshape(16, 12) / 255
    centred = features - features.mean(0)
    gram = store[:] @ store[:].T
    u, s, _ = np.linalg.svd(centred)
    wanted = (u[:, :4] * s[:4]**2) @ u[:, :4].T
    assert abs(gram - wanted).max() < 5e-3 * abs(wanted).max()


def test_a_new_style_config_imports_it_too(image_folder, tmp_path,
                                           monkeypatch, mistake):
    """mmengine imports nothing there, unless a type names it."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(priors, 'PRIORS', priors.PRIORS.copy())
    (tmp_path / 'priors_of_new.py').write_text(
        'from mmrela.priors import PRIORS\nPRIORS["newer"] = lambda *_: 1\n')
    config = tmp_path / 'newer.py'
    config.write_text(
        upstream.NEW_STYLE.replace('{root}', str(image_folder))
        + "\ncustom_imports = dict(imports=['priors_of_new'])\n")
    assert 'must return a Prior, not a int' in mistake(
        'gen_targets', config, '--prior', 'newer:1', '--image-size', 32)


@pytest.fixture
def registered(monkeypatch) -> dict:
    """The kinds of priors, a copy that may be added to."""
    monkeypatch.setattr(priors, 'PRIORS', priors.PRIORS.copy())
    return priors.PRIORS


def test_a_loader_that_fails(registered, cifar_root, tmp_path, mistake):
    def load_broken(name, weights, image_size, cfg):
        return {}[name]

    registered['broken'] = load_broken
    registered['silent'] = lambda *args: None
    for kind, reason in (
            ('broken', "load_broken of test_gen_targets failed (KeyError: "
             "'x'): mend it"),
            ('silent', 'must return a Prior, not a NoneType'),
            ('unknown', 'name its module in custom_imports of the config')):
        said = mistake('gen_targets', CIFAR, '--prior', f'{kind}:x',
                       *cifar(cifar_root, tmp_path))
        assert f'--prior {kind}:x: ' in said and reason in said


def test_two_priors(registered, cifar_root, tmp_path, mistake, capsys):
    def load_mean(name, weights, image_size, cfg):
        model = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        return priors.Prior(f'mean:{name}', model, lambda image: pil_to_tensor(
            image.resize([image_size] * 2)) / 255, f'{image_size}, {weights}')

    registered['mean'] = load_mean
    out = tmp_path / 'out'
    both = [CIFAR, '--prior', 'mean:a', '--prior', 'mean:b', '--dim', 4]
    sizes = ['--image-size', 8, '--image-size', 32]
    options = cifar(cifar_root, out)
    assert call('gen_targets', *both, *sizes, '--weights', 'x', '--weights',
                'none', *options) == 0
    made = TargetStore.open(out).meta['prior']
    assert made['name'] == 'mean:a + mean:b'
    assert made['preprocessing'] == '8, x + 32, none'
    one = ['mean:a,size=8,weights=x + mean:b,size=32,weights=none']
    assert call('gen_targets', CIFAR, '--prior', *one, '--verify', 8,
                *options) == 0
    assert 'smallest cosine 1.0' in capsys.readouterr().out
    for option in (sizes[:2], ['--weights', 'none']):
        said = mistake('gen_targets', *both, *option, *options)
        assert f'{option[0]} is there 1 times for 2 --prior' in said
    said = mistake('gen_targets', *both, *sizes, '--dim', 7,
                   *cifar(cifar_root, tmp_path / 'wide'))
    assert '7 components are wanted, the prior has 6 features' in said


def test_ids_for_features_made_elsewhere(cifar_root, tmp_path, capsys,
                                         mistake):
    """Two commands: the ids, and targets of one's own features."""
    ids = tmp_path / 'f.ids.txt'
    out = tmp_path / 'out'
    assert call('gen_targets', CIFAR, '--write-ids', ids,
                *cifar(cifar_root, out)) == 0
    assert f'{ids}: ids of 16 images' in capsys.readouterr().out
    rows = np.random.default_rng(0).normal(size=(16, 4))
    np.save(tmp_path / 'f.npy', rows)
    assert call('gen_targets', CIFAR, '--prior', f'file:{tmp_path}/f.npy',
                '--dim', 4, '--dtype', 'float32',
                *cifar(cifar_root, out)) == 0
    centred = rows - rows.mean(0)
    store = TargetStore.open(out)
    np.testing.assert_allclose(
        store[:] @ store[:].T, centred @ centred.T, atol=1e-4)
    for neither_or_both in ([], ['--write-ids', ids, '--prior', 'random']):
        said = []
        assert call('gen_targets', CIFAR, *neither_or_both) == 2
        said = capsys.readouterr().err
        assert '--prior' in said and '--write-ids' in said


@MODELS.register_module()
class Mute(BaseSelfSupervisor):
    """Gives no features, and has no neck that tells how many it has."""

    def extract_feat(self, inputs):
        return inputs.long()

    def loss(self, inputs, data_samples, **kwargs):
        return {}


MUTE = dict(
    _delete_=True, type='Rela', host='Mute',
    backbone=dict(type='ResNet', depth=18),
    rela_head=dict(type='RelaHead', out_channels=4))


@pytest.mark.parametrize('model, reason', [
    (dict(host='Nonsense'), 'model.host'),
    (dict(backbone=dict(nonsense=1)), 'name that is not known'),
    (MUTE, 'set model.rela_head.in_channels'),
], ids=['host', 'key', 'width'])
def test_what_training_would_refuse(cifar_root, tmp_path, mistake, model,
                                    reason):
    config = tmp_path / 'config.py'
    config.write_text(f'_base_ = {CIFAR!r}\nmodel = {model!r}\n')
    out = tmp_path / 'out'
    said = mistake('gen_targets', config, '--prior', 'torchvision:resnet18',
                   '--weights', 'none', *cifar(cifar_root, out))
    trained = mistake('train', config, '--work-dir', tmp_path,
                      *cifar(cifar_root, out))
    assert reason in said and said == trained
    assert not out.exists()


def test_dry_run(cifar_root, tmp_path, capsys):
    out = tmp_path / 'out'
    asked = random(cifar_root, out, '--dry-run')
    assert call('gen_targets', *asked) == 0
    said = lines(capsys.readouterr().out)
    assert [line.split(':')[0] for line in said] == ['random', 'time', 'disk']
    assert 'for 16 images at' in said[1] and '128 B of targets' in said[2]
    assert not out.exists()


def test_amp_is_another_prior(cifar_root, store, tmp_path, capsys):
    assert call('gen_targets', *random(cifar_root, store, '--amp',
                                       'bf16')) == 2
    assert 'targets with another prior' in capsys.readouterr().err
    out = tmp_path / 'half'
    assert call('gen_targets', *random(cifar_root, out, '--amp', 'bf16')) == 0
    half, whole = TargetStore.open(out), TargetStore.open(store)
    assert half.meta['prior']['preprocessing'].endswith(', bf16')
    assert not np.array_equal(half[:], whole[:])
    grams = [s[:] @ s[:].T for s in (half, whole)]
    assert abs(grams[0] - grams[1]).max() < 0.1 * abs(grams[1]).max()


def test_launcher_without_torchrun(cifar_root, tmp_path, capsys, monkeypatch):
    for name in ('RANK', 'WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT'):
        monkeypatch.delenv(name, raising=False)
    assert call('gen_targets', *random(cifar_root, tmp_path, '--launcher',
                                       'pytorch')) == 2
    assert 'torchrun' in capsys.readouterr().err


def test_the_command_line_offers_the_librarys_scalings(capsys):
    assert call('gen_targets', CIFAR, '--normalize', 'none') == 2
    said = lines(capsys.readouterr().err)[-1]
    offered = said.partition('choose from')[2]
    assert tuple(re.findall(r'\w+', offered)) == NORMALIZATIONS
