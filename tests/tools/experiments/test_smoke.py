"""The smoke size of every table, by the real tools, on a small data set."""
from __future__ import annotations

from pathlib import Path

import layouts
import pytest
from calls import ROOT, call
from test_table import TABLES

from _lib.experiments import runs as _runs
from _lib.experiments import table as _table
from _lib.experiments.results import results

# Texts for --only: kinds of config, rule for λ and prior once.
SOME = dict(
    ablation_targets=['released', 'random prior: standardize'],
    chain=['untrained', 'ResNet', 'CF10-T'],
    data_paths=['BYOL + RELA, MobileNet-V2, batched'],
    domain_shift=['pixels, untrained'],
    fig4b_static_lambda=['for 0 %', 'random prior, RELA for 40'],
    hand_over=['random prior, BYOL at its own'],
    priors=['the student, untrained', 'of the untrained student'],
    priors_joined=['random prior, whitened'],
    quickstart=['random prior'],
    simclr_budgets=['SimCLR, 10 %'],
    supervised=['RELA and labels, random prior, 20'],
    table1_cifar10=['cosine, 10 %', 'RELA, MobileNet-V2, 10 %'],
    table3_methods=['SimSiam, lr 1e-4', 'SimSiam + RELA, random prior'],
    table5_distillation=['Teacher', ' 1 a class: stored', '50 a class: RELA'],
    tuning=['cosine, lr 0.001'],
    vicreg_hand_over=['50 %'])


def in_this_process(tool: str, *arguments: str, done: Path, **_) -> None:
    """As :func:`_runs.call`, without the imports of a new process."""
    if not done.exists():
        assert call(tool, *arguments) == 0, arguments


def small_table(name: str, data_root: Path, **smoke) -> str:
    """A table in the working directory, whose priors need no download."""
    table = _table.load_table(name)
    priors = {key: dict(weights='none', normalize='whiten')
              for key, prior in table.priors.items()
              if 'weights' in (prior or {})}
    data = {f'{key}.data_root': str(data_root) for key in (
        'train_dataloader.dataset', 'probe.train', 'probe.test',
        *['val_dataloader.dataset'] * ('score' in table))}
    file = Path(f'{name}.py')
    smoke['overrides'] = data
    file.write_text(f'_base_ = {table.filename!r}\npriors = {priors}\n'
                    f'sizes = dict(smoke={smoke})\n')
    return str(file)


@pytest.mark.parametrize('name, only', [
    *(pytest.param(*some, id=some[0]) for some in SOME.items()),
    *(pytest.param(name, [], id=f'{name}, all', marks=pytest.mark.slow)
      for name in TABLES)])
def test_smoke(name, only, cifar_root, tmp_path, monkeypatch):
    for folder in ('configs', 'tools'):
        (tmp_path / folder).symlink_to(ROOT / folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_runs, 'call', in_this_process)
    root = (cifar_root if name != 'domain_shift'
            else layouts.fashion_mnist(tmp_path))
    file, done = small_table(name, root), Path('results.jsonl')
    assert call('experiment', file, '--size', 'smoke', '--results', done,
                *(['--only', *only] if only else [])) == 0
    table = _table.load_table(file)
    runs = _table.plan(table, 'smoke', Path(), only)
    found = results(done)
    assert set(found) == {run.key for run in runs} != set()
    for line in found.values():
        assert line['steps'] >= line['epochs']
        assert 0 <= line[table.get('score', 'linear_top1')] <= 100


def test_no_table_is_left_out():
    assert sorted(SOME) == TABLES
