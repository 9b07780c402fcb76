"""Priors ranked with labels, with a probe's labels, and without any."""
from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import layouts
import pytest
import torch
from calls import CIFAR, DATA, IN1K, ROOT, call, cifar, in1k, lines
from PIL import Image

from _lib.config import load_config
from _lib.targets import ranking
from mmrela.datasets.host import build_host
from mmrela.priors import build_prior

RED = """\
import torch
from mmrela.priors import PRIORS, Prior
from torchvision.transforms.v2.functional import resize, to_image


class Mean(torch.nn.Module):

    def forward(self, x):
        return x.mean((2, 3)) @ torch.tensor([[1, 2], [0, 0], [0, 0.]])


def load_red(name, weights, image_size, cfg):
    return Prior('red', Mean(), lambda image: resize(
        to_image(image), [32, 32]) / 255, '')


PRIORS['red'] = load_red
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """Write a config that knows ``red``: it sees one number an image."""
    from mmrela import priors
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(priors, 'PRIORS', priors.PRIORS.copy())
    monkeypatch.delitem(__import__('sys').modules, 'my_red', raising=False)
    (tmp_path / 'my_red.py').write_text(RED)

    def write(base: str, text: str = '') -> Path:
        file = tmp_path / 'config.py'
        file.write_text(f"_base_ = {base!r}\ncustom_imports = dict(imports=["
                        f"'mmrela', 'my_red'])\n{text}")
        return file

    return write


def ranked(out: Path) -> dict:
    return json.loads((out / 'ranking.json').read_text())


def test_with_labels(mine, cifar_root, tmp_path, capsys):
    out = tmp_path / 'out'
    assert call('rank_priors', mine(CIFAR), '--priors', 'red', 'random,size=8',
                '--samples', 200, '--out', out,
                *cifar(cifar_root, tmp_path), f'{DATA}.indices=400') == 0
    found, said = ranked(out), capsys.readouterr().out
    assert found['rule'] == 'linear_score' and found['images'] == 200
    first, second = found['rows']
    assert first['linear_score'] > second['linear_score'] + 1
    by_name = {row['prior']: row for row in found['rows']}
    assert by_name['red']['effective_rank'] == pytest.approx(1)
    assert by_name['red']['width'] == 2
    assert by_name['random,size=8']['width'] == 512
    assert by_name['red']['variance_kept'] == pytest.approx(1)
    for row, between in (('red', found['distances'][0][1]),
                         ('random,size=8', found['distances'][1][0])):
        assert by_name[row]['distance'] == pytest.approx(between)
    assert all(row['images_per_second'] > 0 for row in found['rows'])
    table = (out / 'ranking.md').read_text()
    assert table.strip() == said.strip()
    assert table.count('\n| ') == 2 and '200 images' in table
    assert f'**{first["prior"]}** comes first: a linear classifier' in table
    with Image.open(out / 'ranking.png') as picture:
        assert min(picture.size) > 200


def test_several_at_once(mine, cifar_root, tmp_path):
    """Together they know what each knows, as loud as each other."""
    out, both = tmp_path / 'out', 'red + random,size=8'
    assert call('rank_priors', mine(CIFAR), '--priors', 'red', both,
                '--samples', 200, '--out', out,
                *cifar(cifar_root, tmp_path), f'{DATA}.indices=400') == 0
    rows = {row['prior']: row for row in ranked(out)['rows']}
    assert rows[both]['width'] == 2 + 512
    assert rows[both]['effective_rank'] > 30 * rows['red']['effective_rank']
    assert rows[both]['linear_score'] > 20


UNLABELLED = """
probe = dict(_delete_=True)
train_dataloader = dict(dataset=dict(
    _delete_=True, type='RelaTargetDataset', host='CustomDataset',
    targets='nowhere', rela_pipeline=[], data_root={root!r},
    data_prefix='train', with_label=False,
    pipeline=[dict(type='LoadImageFromFile')]))
"""
PROBE = """
probe = dict(train=dict(type='ImageNet', split='train', data_root={root!r},
                        pipeline=[dict(type='LoadImageFromFile')]))
"""


@pytest.fixture
def student(tmp_path) -> Path:
    """A checkpoint that holds the prior ``random:1``."""
    cfg = load_config(SimpleNamespace(config=CIFAR, cfg_options=None))
    state = build_prior('random:1', cfg=cfg).model.state_dict()
    torch.save(dict(state_dict=state), tmp_path / 'epoch_1.pth')
    return tmp_path / 'epoch_1.pth'


def test_both_losses_and_theorem_3(student, cifar_root, tmp_path, capsys):
    """The student is one of the priors, and explains it."""
    assert call('rank_priors', CIFAR, '--priors', 'random,size=8', 'random:1',
                '--samples', 100, '--out', tmp_path, '--zero-one',
                '--checkpoints', student, *cifar(cifar_root, tmp_path),
                f'{DATA}.indices=100') == 0
    found = ranked(tmp_path)
    between = torch.tensor(found['zero_one'])
    assert between.shape == (2, 2) and between.diagonal().max() < 0.5
    assert between.min() >= 0 and between.max() <= 1
    other, same = found['theorem3']
    assert [other['prior'], same['prior']] == ['random,size=8', 'random:1']
    score, = (row['linear_score'] for row in found['rows']
              if row['prior'] == 'random:1')
    assert same['student_to_labels'] == same['prior_to_labels']
    assert same['prior_to_labels'] == pytest.approx(1 - score / 100)
    assert same['student_to_prior'] < other['student_to_prior']
    said = capsys.readouterr().out
    assert f'{other["student_to_prior"]:.3f} |\n' in said
    assert 'Theorem 3 bounds' in said


@pytest.fixture
def unlabelled(mine, image_folder, tmp_path, monkeypatch):
    """Rank priors on 18 images; returns the findings."""
    monkeypatch.setattr(ranking, 'LEAST', 10)

    def rank(text: str, *priors: str) -> dict:
        config = mine(IN1K, text.format(root=str(image_folder)))
        options = in1k(image_folder, tmp_path)
        options = [o for o in options if 'dataset' not in o]
        assert call('rank_priors', config, '--priors', *priors, '--out',
                    tmp_path / 'out', *options) == 0
        return ranked(tmp_path / 'out')

    return rank


def test_own_labels(tmp_path):
    """MNIST's are arrays; those of several labels an image are none."""
    root = layouts.fashion_mnist(tmp_path)
    dataset = build_host(dict(type='FashionMNIST', data_root=str(root)))
    assert ranking.own_labels(dataset, [0, 23, 7]).tolist() == [0, 3, 7]
    several = SimpleNamespace(get_data_info=lambda i: dict(gt_label=[i, 1]))
    assert ranking.own_labels(several, [0, 1]) is None


def test_without_labels(unlabelled, capsys):
    found = unlabelled(UNLABELLED, 'red', 'random,size=32')
    assert found['rule'] == 'effective_rank' and found['images'] == 18
    assert [row['prior'] for row in found['rows']] == ['random,size=32', 'red']
    assert found['rows'][0]['linear_score'] is None
    said = capsys.readouterr().out
    assert 'This is a heuristic' in said and '| random,size=32 |  |' in said


def test_labels_of_a_probe(unlabelled):
    found = unlabelled(UNLABELLED + PROBE, 'red')
    assert found['rule'] == 'linear_score'
    assert 0 <= found['rows'][0]['linear_score'] <= 100
    assert found['rows'][0]['distance'] is None


def test_no_labels_for_what_needs_them(mine, image_folder, mistake,
                                       monkeypatch):
    monkeypatch.setattr(ranking, 'LEAST', 10)
    config = mine(IN1K, UNLABELLED.format(root=str(image_folder)))
    for option in ['--zero-one'], ['--checkpoints', 'epoch_1.pth']:
        said = mistake('rank_priors', config, '--priors', 'red', *option,
                       '--cfg-options', f'{DATA}.indices=18')
        assert 'need labels of the training images' in said
    half = PROBE.replace('(train=', '(_delete_=True, test=').format(
        root=str(image_folder))
    config = mine(IN1K, UNLABELLED.format(root=str(image_folder)) + half)
    assert 'no data set for probe.train' in mistake(
        'rank_priors', config, '--priors', 'red', '--cfg-options',
        f'{DATA}.indices=18')


@pytest.mark.parametrize('options, reason', [
    (['--priors', 'random', 'random'], 'names one twice'),
    (['--priors', 'random', '--samples', 5], 'at least 20 images, got 5'),
    (['--priors', 'nonsense'], 'no such prior'),
])
def test_refused(cifar_root, tmp_path, capsys, options, reason):
    assert call('rank_priors', CIFAR, *options, *cifar(cifar_root, tmp_path),
                f'{DATA}.indices=30') == 2
    said = lines(capsys.readouterr().err)
    assert len(said) == 1 and reason in said[0]


@pytest.mark.slow
def test_a_real_prior_beats_untrained_ones(tmp_path):
    weights = ROOT / 'data' / 'weights' / 'mobilenet_v2-b0353104.pth'
    images = ROOT / 'data' / 'cifar10'
    if not (weights.exists() and images.exists()):
        pytest.skip('needs tools/prepare_{cifar10,mobilenet_v2}.py')
    real = f'torchvision:mobilenet_v2,size=64,weights={weights}'
    out = tmp_path / 'out'
    assert call('rank_priors', CIFAR, '--priors', 'random', real,
                'torchvision:mobilenet_v2,size=64,weights=none', '--samples',
                2000, '--out', out, '--cfg-options',
                f'{DATA}.data_root={images}') == 0
    rows = ranked(out)['rows']
    assert rows[0]['prior'] == real
    assert rows[0]['linear_score'] > rows[1]['linear_score'] + 15
    ranks = [row['effective_rank'] for row in rows]
    assert ranks[0] == max(ranks)  # so it would be first without labels
