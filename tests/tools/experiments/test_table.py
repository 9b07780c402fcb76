"""The tables of configs/experiments, and the keys of their runs."""
from __future__ import annotations

import sys
from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest
from calls import ROOT
from mmengine.config import Config

import train
from _lib.cli import ToolError
from _lib.config import load_config
from _lib.experiments import table as _table

TABLES = sorted(
    file.stem for file in (ROOT / 'configs/experiments').glob('*.py'))


fromfile = Config.fromfile
# epochs, and the momenta of Algorithm 1's two averages
QUICKSTART = dict(short=(6, 0.991667, 0.916667),
                  long=(24, 0.997917, 0.979167))


@cache
def read(file: str | Path, **kwargs) -> Config:
    return fromfile(file, **kwargs)


@pytest.fixture(autouse=True)
def root(monkeypatch) -> None:
    """The tables' place; each config is read once, which is slow."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(Config, 'fromfile', lambda file, **kwargs: deepcopy(
        read(file, **kwargs)))


@cache
def plan(name: str, size: str) -> list[_table.Run]:
    """The runs of one seed."""
    table = _table.load_table(name)
    table.sizes[size].seeds = [0]
    return _table.plan(table, size, Path('work_dirs'))


def sizes(name: str) -> list[str]:
    """Those for which a table has rows."""
    table = _table.load_table(name)
    return [size for size in table.sizes
            if any(size in row.get('sizes', [size]) for row in table.rows)]


def test_all_tables_are_seen():
    assert set(TABLES) >= {'quickstart', 'table1_cifar10', 'table3_methods',
                           'fig4b_static_lambda', 'ablation_targets'}


@pytest.mark.parametrize('name', TABLES)
def test_rows_differ(name):
    assert {'smoke', 'short' if name == 'quickstart' else 'paper'} <= {
        *sizes(name)}
    for size in sizes(name):
        runs = plan(name, size)
        assert len({run.key for run in runs}) == len(runs)
        assert len({run.row for run in runs}) == len(runs)
        generations = {run.store: run.generation for run in runs}
        for run in runs:
            assert generations[run.store] == run.generation
            dataset = run.cfg.train_dataloader.dataset
            assert dataset.targets == str(
                run.store / 'targets' if 'ipc' in (run.generation or {})
                else run.store)


@pytest.mark.parametrize('name, images', [
    ('table3_methods', 50_000), ('table3_tinyimagenet', 100_000)])
def test_dino_warms_up_for_30_epochs_of_100(name, images):
    """Of the budget's own: those of all images never ended."""
    found = [run.cfg for run in plan(name, 'paper')
             if run.cfg.model.host == 'DINO']
    assert len(found) > 2
    for cfg in found:
        loader = cfg.train_dataloader
        epoch = int(images * loader.sampler.ratio) // loader.batch_size
        assert cfg.model.head.warmup_iters == 30 * epoch
        assert cfg.model.freeze_last_layer == epoch


@pytest.mark.parametrize('name', TABLES)
def test_the_command_line_says_what_the_key_says(name, monkeypatch):
    size = 'small' if 'small' in sizes(name) else 'paper'
    for run in {run.row: run for run in plan(name, size)}.values():
        monkeypatch.setattr(sys, 'argv', ['', run.config, *run.cfg_options])
        cfg = load_config(train.parse_args())
        told = _table.settings_key(cfg, run.generation, run.probe_epochs)
        assert told == run.key and run.is_current()


def test_an_empty_entry_says_what_none_says():
    cfg = deepcopy(plan('quickstart', 'small')[-1].cfg)
    told = {}
    for value in ([], None):
        cfg.param_scheduler = value
        told[_table.settings_key(cfg, None, 5)] = value
    assert len(told) == 1
    cfg.param_scheduler = [dict(type='LinearLR')]
    assert _table.settings_key(cfg, None, 5) not in told


def test_what_changes_a_key():
    table = _table.load_table('quickstart')
    table.sizes.small.seeds = [0]
    overrides = table.sizes.small.overrides
    runs = {run.row: run for run in plan('quickstart', 'small')}

    def same(**changes) -> set[str]:
        overrides.update({key.replace('__', '.'): value
                          for key, value in changes.items()})
        now = _table.plan(table, 'small', Path('elsewhere'))
        return {run.row for run in now if run.key == runs[run.row].key}

    assert same(train_dataloader__dataset__data_root='there',
                train_dataloader__num_workers=3,
                default_hooks__logger__interval=1) == set(runs)
    table.priors.random.normalize = 'center'
    assert same() == {'BYOL', 'BYOL + RELA, MobileNet-V2'}
    table.sizes.small.lambda_factor = 11
    assert same() == {'BYOL'}
    assert same(optim_wrapper__optimizer__weight_decay=0.02) == set()


def test_the_same_settings_are_the_same_run_in_every_table():
    rows = [{run.key: run.row for run in plan(name, 'small')}
            for name in ('fig4b_static_lambda', 'ablation_targets')]
    assert {rows[0][key]: rows[1][key] for key in set(rows[0]) & set(rows[1])
            } == {'random prior, Algorithm 1': 'random prior: whiten',
                  'MobileNet-V2, Algorithm 1':
                      'MobileNet-V2: center, one view'}


def test_rule_for_lambda():
    rules = {}
    for name in ('quickstart', 'fig4b_static_lambda'):
        rules |= {run.row: dict(run.cfg.default_hooks.rela.schedule)
                  for run in plan(name, 'small')}
    assert rules['BYOL'] == dict(type='FixedLambda', fraction=0)
    assert rules['BYOL + RELA, MobileNet-V2'] == dict(
        type='AdaptiveLambda', fast_momentum=0.99, slow_momentum=0.9)
    assert rules['MobileNet-V2, RELA for 40 %'] == dict(
        type='FixedLambda', fraction=0.4)
    paper = plan('fig4b_static_lambda', 'paper')[-1].cfg
    assert paper.default_hooks.rela.schedule == dict(type='AdaptiveLambda')


@pytest.mark.parametrize('size', QUICKSTART)
def test_the_quickstart_is_what_it_was(size):
    """Options on which the README's numbers rest."""
    epochs, fast, slow = QUICKSTART[size]
    untrained, *runs = plan('quickstart', size)
    assert untrained.epochs == 0 and untrained.probe_epochs == 100
    for run, rate in zip(runs, [None, 1e-3, 1e-3], strict=True):
        cfg, rule = run.cfg, run.cfg.default_hooks.rela.schedule
        assert cfg.optim_wrapper.optimizer.lr == 1e-4
        assert cfg.default_hooks.rela.get('lr') == rate
        assert cfg.train_cfg.max_epochs == epochs
        assert cfg.randomness.seed == run.seed == 0
        dataset = cfg.train_dataloader.dataset
        assert dataset.rela_pipeline[0].num_views == 1
        assert dataset.indices == cfg.probe.train.indices == 10000
        assert run.probe_epochs == 100
        assert rule == (
            dict(type='FixedLambda', fraction=0) if run.prior == 'none' else
            dict(type='AdaptiveLambda', fast_momentum=fast,
                 slow_momentum=slow))
    assert [run.generation for run in runs] == [
        None, dict(prior='random', normalize='whiten'),
        dict(prior='torchvision:mobilenet_v2', image_size=64,
             weights='data/weights/mobilenet_v2-b0353104.pth')]


@pytest.mark.parametrize('size', QUICKSTART)
def test_the_quickstart_is_a_small_size_with_curves(size):
    """Of one seed; both sizes have as many scores, at equal intervals."""
    table = _table.load_table('quickstart')
    small, settings = table.sizes.small, table.sizes[size]
    knn = {key.removeprefix('default_hooks.knn.'): settings.overrides.pop(key)
           for key in list(settings.overrides) if '.knn.' in key}
    assert settings.overrides == small.overrides | {
        'train_cfg.max_epochs': QUICKSTART[size][0]}
    assert settings.seeds == [0]
    assert knn == dict(type='OnlineKNNHook', by_epoch=False, limit=5000,
                       interval=QUICKSTART[size][0] * 78 // 12)


def test_a_prior_of_another_table_is_its_first_run():
    """Of the same size; the prior's size in pixels is the run's own."""
    run, = (run for run in plan('table1_cifar10', 'paper')
            if run.row == 'BYOL + RELA, CF100-T, 20 %')
    [same] = (run for run in plan('table1_cifar100', 'paper')
              if run.row == 'BYOL, 100 %')
    assert run.source.work_dir == same.work_dir and same.seed == 0
    assert run.generation == dict(of=same.key, image_size=32)
    own, = (run for run in plan('table1_cifar100', 'paper')
            if run.row == 'BYOL + RELA, CF100-T, 20 %')
    assert own.source.key == same.key


def test_a_prior_of_a_row_that_is_not_there():
    table = _table.load_table('table1_cifar100')
    table.priors.cf10_t.of = 'BYOL, 99 %'
    with pytest.raises(ToolError, match="no such rows as 'BYOL, 99 %'"):
        _table.plan(table, 'paper', Path('work_dirs'))


def test_rates_are_tuned_on_images_of_their_own():
    """Neither trained on nor in any other table's probe."""
    for size, trained in (('small', 10000), ('paper', 40000)):
        for run in plan('tuning', size):
            cfg = run.cfg
            assert cfg.train_dataloader.dataset.indices == trained
            assert cfg.probe.train.indices == trained
            assert cfg.probe.test.split == 'train'
            assert cfg.probe.test.indices == -10000  # the last of 50,000


def test_every_size_of_the_base_says_all():
    sizes = Config.fromfile(
        ROOT / 'configs/experiments/_base_/cifar10.py').sizes
    for size in sizes.values():
        assert set(size) == {'notes', 'seeds', 'probe_epochs',
                             'lambda_factor', 'overrides'}
