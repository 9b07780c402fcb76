"""A user's mistake ends in one sentence and exit code 2, no traceback."""
from __future__ import annotations

import argparse
import json
import re
import sys

import numpy as np
import pytest
import torch
from calls import CIFAR, DATA, IN1K, ROOT, call, cifar, in1k, lines, shell
from mmengine.config import DictAction
from mmengine.logging import HistoryBuffer

from _lib.cli import add_cfg_options
from _lib.config import parse_options

OPTIONS = dict(gen_targets=['--prior', 'random'], train=[])


@pytest.mark.parametrize('tool', OPTIONS)
@pytest.mark.parametrize('config, options', [(CIFAR, cifar), (IN1K, in1k)],
                         ids=['cifar10', 'in1k'])
def test_missing_data(mistake, tmp_path, tool, config, options):
    nowhere = tmp_path / 'nowhere'
    work_dir = ['--work-dir', tmp_path] if tool == 'train' else []
    said = mistake(tool, config, *OPTIONS[tool], *work_dir,
                   *options(nowhere, tmp_path / 'targets'))
    assert str(nowhere) in said
    assert 'data_root' in said or 'tools/prepare_cifar10.py' in said


@pytest.mark.parametrize('tool', ['gen_targets', 'train', 'linear_probe'])
def test_missing_config(mistake, tmp_path, tool):
    more = [] if tool == 'train' else ['--prior', 'random']
    file = tmp_path / 'missing.py'
    assert f'no config at {file}' in mistake(tool, file, *more)
    file.write_text('_base_ = "nothing.py"')
    assert 'nothing.py' in mistake(tool, file, *more)
    new_style = ('from mmengine.config import read_base\n'
                 'with read_base():\n    from .nothing import *\n')
    for content in ('model = dict(', new_style, 'assert False'):
        file.write_text(content)
        assert f'{file} is no config' in mistake(tool, file, *more)


def test_a_config_of_a_test_alone(mistake, tmp_path):
    """As mmpretrain's zero-shot ones are."""
    file = tmp_path / 'zero_shot.py'
    file.write_text('model = dict(type="CLIP")\ntrain_dataloader = None')
    assert 'no entry `train_dataloader`' in mistake('train', file)


@pytest.mark.parametrize('tool, option', [
    ('gen_targets', '--dim'), ('linear_probe', '--epochs'),
    ('linear_probe', '--image-size'), ('rank_priors', '--samples')])
@pytest.mark.parametrize('number', [0, -1])
def test_numbers_that_count_nothing(capsys, tool, option, number):
    """Else a whole pass comes first, or an untrained classifier's score."""
    assert call(tool, CIFAR, option, number) == 2
    assert f'{option}: must be at least 1' in capsys.readouterr().err


@pytest.mark.parametrize('prior, reason', [
    ('nonsense', 'take torchvision:NAME or random'),
    ('torchvision:nonsense', 'no such model'),
    ('torchvision', 'no such model'),
    ('torchvision:vit_h_14', 'torchvision:vit_h_14'),  # not IMAGENET1K_V1
    ('random:x', 'whole number'),
])
def test_unknown_prior(mistake, image_folder, tmp_path, prior, reason):
    said = mistake('gen_targets', IN1K, '--prior', prior,
                   *in1k(image_folder, tmp_path))
    assert f'--prior {prior}' in said and reason in said


def test_weights_that_are_none(mistake, image_folder, tmp_path):
    options = ['--prior', 'torchvision:alexnet', '--weights', tmp_path / 'w',
               *in1k(image_folder, tmp_path)]
    assert f"no weights at {tmp_path / 'w'}" in mistake(
        'gen_targets', IN1K, *options)
    (tmp_path / 'w').write_bytes(b'no weights')
    assert str(tmp_path / 'w') in mistake('gen_targets', IN1K, *options)


def test_more_components_than_features(mistake, image_folder, tmp_path):
    said = mistake('gen_targets', IN1K, '--prior', 'random', '--dim', 600,
                   '--image-size', 32,
                   *in1k(image_folder, tmp_path / 'out'))
    assert re.search('600 .* 512 features', said)
    assert not (tmp_path / 'out' / 'meta.json').exists()


def test_path_data(mistake, image_folder, tmp_path, capsys):
    options = [IN1K, '--prior', 'random', '--dim', 6,
               *in1k(image_folder, tmp_path)]
    assert 'set one, by --image-size' in mistake('gen_targets', *options)
    assert call('gen_targets', '--image-size', 32, *options) == 0
    out, err = capsys.readouterr()
    assert len(lines(out)) == 1 and lines(err) == []
    assert '18 targets of 6 components' in out
    said = mistake('gen_targets', '--image-size', 40, *options)
    assert f'{tmp_path} already holds targets with another prior' in said


@pytest.mark.parametrize('options, reason', [
    (['model.rela_head.out_channels=5'], 'out_channels=4 or .* --dim 5'),
    ([f'{DATA}.indices=15'], 'of 16 images, the data set has 15'),
    (['model.host=ResNet'], 'model.host.*no self-supervised'),
    (['model.host=Nonsense'], "model.host: 'Nonsense' is no registered"),
    (['default_hooks.rela.schedule.type=FixedLambda',
      'default_hooks.rela.schedule.fraction=2'], 'fraction'),
    (['train_dataloader.sampler.ratio=1.5'], 'ratio'),
    (['train_dataloader.sampler.type=BudgetSampler'], 'sampler.type=RelaS'),
    (['default_hooks.rela.schedule.fraktion=1'], "not known.*'fraktion'"),
    (['train_dataloader.batchsize=8'], "not known.*'batchsize'"),
    ([f'{DATA}.host=CIFAR11'], 'not known.*CIFAR11 is not in the'),
    (['train_dataloader.batch_size=64'], 'has no batch: 16 samples'),
    (['load_from=missing.pth'], 'no checkpoint at missing.pth'),
    (['default_hooks=dict(_delete_=True)'], 'has no entry `rela`'),
    (['auto_scale_lr.enable=True'], 'needs base_batch_size'),
    (['train_dataloader.num_workers=-1'], 'num_workers=-1 is no .* from 0'),
    (['train_dataloader.batch_size=0'], 'batch_size=0 is no whole number'),
    (['train_dataloader.batch_size=eight'], "batch_size='eight' is no"),
    (['train_cfg.max_epochs=0'], 'max_epochs=0 trains nothing'),
    (['train_cfg.max_epochs=1.5'], 'max_epochs=1.5 is no .* from 0 on'),
    (['optim_wrapper.optimizer.lr=1e-4e'], "lr='1e-4e' is no number"),
    ([f'{DATA}.pipeline=None'], 'dataset.pipeline must be a list .* None'),
    ([f'{DATA}.rela_pipeline=weak'], "rela_pipeline must be a list .*'weak'"),
    (['train_dataloader.sampler.order.type=InfiniteSampler'], 'epochs'),
    (['optim_wrapper.type=AmpOptimWrapper'], 'on CPUs set optim_wrapper'),
    (['optim_wrapper=SGD'], "optim_wrapper='SGD' is no dict"),
    (['optim_wrapper.optimizer=SGD'], "dict with a type, got 'SGD'"),
    (['default_hooks.rela=None'], 'has no entry `rela`'),
    (['default_hooks=None'], 'has no entry `rela`'),
    (['default_hooks.checkpoint.interval=x'], "interval='x' is no whole"),
    (['model.rela_head.out_channels=-1'], 'out_channels=-1 is no .* from 1'),
    (['default_hooks.logger.interval=0'],
     'LoggerHook cannot be built with interval=0: ValueError: interval must'),
    ([f'{DATA}.rela_pipeline.0.transforms.0.0.type=RandomResizedCrop',
      f'{DATA}.rela_pipeline.0.transforms.0.0.scale=0'],
     r'scale=0.*: AssertionError: assert scale > 0 \(processing.py, line'),
    (['default_hooks.rela.schedule=FixedLambda'],
     "AdaptiveLambdaHook cannot be built with .*schedule='FixedLambda'"),
    (['custom_hooks=EMAHook'], 'Runner cannot be built: .* dict, but got E'),
])
def test_train_refuses(mistake, cifar_root, tmp_path, four_components,
                       options, reason):
    said = mistake('train', CIFAR, '--work-dir', tmp_path,
                   *cifar(cifar_root, four_components, *options))
    assert re.search(reason, said)


@pytest.mark.parametrize('argv, reason', [
    (['--launcher', 'pytorch'], 'use tools/dist_train.sh'),
    (['--work-dir', '/dev/null/runs'], 'Not a directory'),
    (['--cfg-options', 'model'], 'takes KEY=VALUE pairs'),
    (['--cfg-options', 'model=[a,(b]'], '--cfg-options: Imbalanced brackets'),
])
def test_command_lines_that_train_refuses(capsys, monkeypatch, tmp_path,
                                          argv, reason):
    monkeypatch.delenv('RANK', raising=False)
    monkeypatch.chdir(tmp_path)
    assert call('train', CIFAR, *argv) == 2
    assert reason in lines(capsys.readouterr().err)[-1]


def test_train_refuses_other_targets(mistake, cifar_root, tmp_path,
                                     make_store):
    options = ['--work-dir', tmp_path, *cifar(cifar_root, tmp_path / 'store')]
    assert f"no targets at {tmp_path / 'store'}" in mistake(
        'train', CIFAR, *options)
    make_store(tmp_path / 'store', np.ones((16, 512), np.float16))
    assert 'made from other images' in mistake('train', CIFAR, *options)


@pytest.mark.parametrize('argv', [
    ['--resume', 'FILE'], ['--cfg-options', 'load_from=FILE']])
def test_train_does_not_unpickle(mistake, tmp_path, argv):
    file = tmp_path / 'foreign.pth'
    torch.save(dict(state_dict={}, message=HistoryBuffer()), file)
    argv = [text.replace('FILE', str(file)) for text in argv]
    assert '--trust-checkpoint' in mistake('train', CIFAR, *argv)
    assert 'save its weights alone' in mistake('linear_probe', CIFAR, file)


def test_torchrun_needs_its_launcher(mistake, cifar_root, tmp_path,
                                     monkeypatch):
    monkeypatch.setenv('WORLD_SIZE', '2')
    assert 'add --launcher pytorch' in mistake(
        'gen_targets', CIFAR, '--prior', 'random',
        *cifar(cifar_root, tmp_path))


def test_plain_configs_name_what_is_missing(mistake, tmp_path):
    linear = ROOT / 'configs' / 'linear' / 'resnet50_in1k.py'
    argv = ['train', linear, '--work-dir', tmp_path, '--cfg-options',
            f'train_dataloader.dataset.data_root={tmp_path}/none']
    assert 'init_cfg.checkpoint=FILE' in mistake(*argv)
    said = mistake(*argv, 'model.backbone.init_cfg=None')
    assert f'{linear} names a file or folder that is not there' in said


@pytest.mark.parametrize('options, reason', [
    (['data_rot=x'], "not known.*'data_rot'"), (['host=CIFAR11'], 'CIFAR11')])
def test_gen_targets_refuses(mistake, cifar_root, tmp_path, options, reason):
    said = mistake('gen_targets', CIFAR, '--prior', 'random', *cifar(
        cifar_root, tmp_path, *(f'{DATA}.{option}' for option in options)))
    assert re.search(reason, said)


def test_linear_probe(mistake, cifar_root, tmp_path):
    file = tmp_path / 'missing.pth'
    assert f'no weights at {file}' in mistake('linear_probe', CIFAR, file)
    assert 'either' in mistake('linear_probe', CIFAR)
    assert 'either' in mistake('linear_probe', CIFAR, file, '--prior', 'x')
    folder = ROOT / 'configs/byol_rela_r50_folder.py'
    assert '`probe`' in mistake('linear_probe', folder, '--prior', 'random')
    options = [f'probe.{split}.{key}' for split in ('train', 'test')
               for key in (f'data_root={cifar_root}', 'indices=40')]
    assert call('linear_probe', CIFAR, '--prior', 'random', '--epochs', 2,
                '--out', tmp_path / 'result', '--cfg-options', *options) == 0
    result = json.loads((tmp_path / 'result').read_text())
    assert 0 <= result['linear_top1'] <= 100 and result['test_images'] == 40


def test_check_targets(cifar_root, tmp_path, four_components, capsys):
    store = four_components
    config = tmp_path / 'config.py'
    config.write_text(
        f'_base_ = {CIFAR!r}\n'
        'model = dict(rela_head=dict(out_channels=4))\n'
        f'train_dataloader = dict(dataset=dict(data_root={str(cifar_root)!r},'
        ' indices=16))\n')
    assert call('check_targets', store) == 0
    assert call('check_targets', store, '--config', config, '--deep') == 0
    assert call('check_targets', store, '--config', CIFAR,
                *cifar(cifar_root, store, 'model.rela_head.out_channels=4')
                ) == 0
    assert capsys.readouterr().out.count('sound: 16 targets of 4') == 3
    config.write_text(
        config.read_text().replace('indices=16', 'indices=17'))
    assert call('check_targets', store, '--config', config) == 1
    assert call('check_targets', tmp_path / 'nowhere') == 1
    out, err = capsys.readouterr()
    assert len(lines(out)) == 2 and lines(err) == []
    assert 'has 17' in out and 'no targets at' in out
    assert call('check_targets', store, '--config', tmp_path / 'no.py') == 2


def test_end_to_end(tmp_path):
    done = shell(sys.executable, 'tools/gen_targets.py', IN1K, '--prior',
                 'random', *in1k(tmp_path / 'nowhere', tmp_path))
    assert done.returncode == 2
    assert done.stdout == '' and len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith('error: ') and 'nowhere' in done.stderr


def test_options_are_what_mmengine_makes_of_them():
    """``DictAction`` gets the words after all are parsed."""
    theirs, ours = argparse.ArgumentParser(), argparse.ArgumentParser()
    theirs.add_argument('--cfg-options', nargs='+', action=DictAction)
    add_cfg_options(ours)
    argv = ['--cfg-options', 'a=1', 'b.c=[1,2.5,(x,None)]', 'd="e, f"',
            'g=h=i', '--cfg-options', 'a=True', 'j=1,2', "k='l'"]
    found = parse_options(ours.parse_args(argv).cfg_options)
    assert found == theirs.parse_args(argv).cfg_options
    assert found['a'] is True and found['b.c'] == [1, 2.5, ('x', None)]


def test_each_tool_tells_the_versions(capsys):
    assert call('check_targets', '--version') == 0
    assert capsys.readouterr().out.startswith('mmrela ')
