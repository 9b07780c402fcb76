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
    supervised=['RELA, then labels, random prior, 20'],
    table1_cifar10=['cosine, 10 %', 'RELA, MobileNet-V2, 10 %'],
    table1_cifar100=['CF10-T, 10 %'],
    table1_in1k=['BYOL, 100 %', 'RELA, IN1K-T, 10 %'],
    table1_tinyimagenet=['CLIP-RN50, 10 %'],
    table2_cifar10=['ViT-T/16 at 224 pixels: RN18'],
    table2_tinyimagenet=['MobileNet-V2: CLIP-RN101'],
    table3_methods=['SimSiam, lr 1e-4', 'SimSiam + RELA, random prior'],
    table3_tinyimagenet=['SimSiam + RELA, CLIP-RN50'],
    table5_distillation=['Teacher', ' 1 a class: stored', '50 a class: RELA'],
    tuning=['cosine, lr 0.001'],
    vicreg_hand_over=['50 %'],
    views_stored=['2 stored crops'])

# Not in the fast suite, whose other tables do the same on smaller images.
LONG = ('table1_in1k', 'table1_tinyimagenet', 'table2_cifar10',
        'table2_tinyimagenet')


def in_this_process(tool: str, *arguments: str, done: Path, **_) -> None:
    """As :func:`_runs.call`, without the imports of a new process."""
    if not done.exists():
        assert call(tool, *arguments) == 0, arguments


def small_table(name: str, data_root: Path, **smoke) -> str:
    """A table in the working directory, whose priors need no download."""
    table = _table.load_table(name)
    priors = {key: untrained(prior) for key, prior in table.priors.items()
              if 'weights' in (prior or {}) or is_clip(prior)}
    data = {f'{key}.data_root': str(data_root) for key in (
        'train_dataloader.dataset', 'probe.train', 'probe.test',
        *['val_dataloader.dataset'] * ('score' in table))}
    file = Path(f'{name}.py')
    smoke['overrides'] = data
    file.write_text(f'_base_ = {table.filename!r}\npriors = {priors}\n'
                    f'sizes = dict(smoke={smoke})\n')
    return str(file)


def is_clip(prior: dict | None) -> bool:
    return str((prior or {}).get('prior')).startswith('open_clip')


def untrained(prior: dict) -> dict:
    """What a prior becomes; a CLIP model is too large, untrained, too."""
    other = dict(weights='none', normalize='whiten')
    if is_clip(prior):
        other.update(_delete_=True, prior='torchvision:mobilenet_v2',
                     image_size=64)
    return other


@pytest.fixture
def root_of(tmp_path, cifar_root, monkeypatch):
    """Where a table's data set lies, which is made when it is asked for."""
    monkeypatch.setattr(layouts, 'TRAIN', 256)
    makers = dict(domain_shift=layouts.fashion_mnist,
                  table1_cifar100=layouts.cifar100,
                  table1_in1k=layouts.imagenet)

    def root(name: str) -> Path:
        tiny = name.endswith('tinyimagenet') and layouts.tiny_imagenet
        make, place = makers.get(name, tiny), tmp_path / 'data_of' / name
        if not make:
            return cifar_root
        if not place.exists():
            place.mkdir(parents=True)
            make(place)
        return place

    return root


def carry_out(name: str, only: list[str], root_of, done: Path) -> None:
    """Run a table's rows, after those of other tables that they need."""
    file = small_table(name, root_of(name))
    table = _table.load_table(file)
    runs = _table.plan(table, 'smoke', Path(), only)
    for needed in {(run.source.table, run.source.row)
                   for run in runs if run.source} - {
                       (run.table, run.row) for run in runs}:
        carry_out(needed[0], [needed[1]], root_of, Path('others.jsonl'))
    assert call('experiment', file, '--size', 'smoke', '--results', done,
                *(['--only', *only] if only else [])) == 0
    found = results(done)
    assert {run.key for run in runs} <= set(found)
    for line in found.values():
        assert line['steps'] >= line['epochs']
        assert 0 <= line[table.get('score', 'linear_top1')] <= 100


@pytest.mark.parametrize('name, only', [
    *(pytest.param(*some, id=some[0],
                   marks=[pytest.mark.slow] * (some[0] in LONG))
      for some in SOME.items()),
    *(pytest.param(name, [], id=f'{name}, all', marks=pytest.mark.slow)
      for name in TABLES)])
def test_smoke(name, only, root_of, tmp_path, monkeypatch):
    for folder in ('configs', 'tools'):
        (tmp_path / folder).symlink_to(ROOT / folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_runs, 'call', in_this_process)
    done = Path('results.jsonl')
    carry_out(name, only, root_of, done)
    assert set(results(done)) != set()


def test_no_table_is_left_out():
    assert sorted(SOME) == TABLES
