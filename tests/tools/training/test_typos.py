"""Entries that are nearly known are told, those of one's own are not."""
from __future__ import annotations

from pathlib import Path

import pytest
import upstream
from calls import call, lines
from mmengine.config import Config

from _lib.training import typos

CONFIGS = Path(__file__).parents[3] / 'configs'


@pytest.mark.parametrize('typo, meant', [
    ('trian_cfg', 'train_cfg'), ('train_dataloaders', 'train_dataloader'),
    ('optimizer_wrapper', 'optim_wrapper'), ('randomnes', 'randomness'),
    ('custom_hook', 'custom_hooks'), ('env_config', 'env_cfg'),
    ('modle', 'model'), ('find_unused_parameter', 'find_unused_parameters')])
def test_typos_are_told(typo, meant):
    cfg = Config({typo: {}, meant: {}, 'data_root': '', 'probe': {}})
    assert typos.misspelt_entries(cfg) == {typo: meant}


def test_entries_of_real_configs_are_not():
    files = [*upstream.configs(), *CONFIGS.rglob('*.py')]
    assert len(files) > 100
    for file in files:
        assert typos.misspelt_entries(Config.fromfile(file)) == {}, file


def test_what_a_new_style_config_imports_is_not():
    assert typos.misspelt_entries(Config(dict(OptimWrapper=Config))) == {}


def test_the_first_rank_tells_and_goes_on(tmp_path, capsys, monkeypatch):
    file = tmp_path / 'x.py'
    file.write_text('trian_cfg = dict(max_epochs=1)')
    for rank, count in ('0', 1), ('1', 0):
        monkeypatch.setenv('SLURM_PROCID', rank)
        assert call('train', file, '--work-dir', tmp_path) == 2
        told = lines(capsys.readouterr().err)
        assert told[:-1] == [
            f'warning: {file} has an entry trian_cfg, which nothing reads: '
            'is train_cfg meant?'] * count
        assert told[-1] == f'error: {file} has no entry `model`'
