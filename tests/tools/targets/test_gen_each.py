"""The tool that makes stores of several priors in one pass."""
from __future__ import annotations

from pathlib import Path

import pytest
from calls import CIFAR, call, cifar, lines
from torch import nn
from torchvision.transforms.functional import pil_to_tensor

from mmrela import priors
from mmrela.targets import TargetStore


def load_mean(name, weights, image_size, cfg) -> priors.Prior:
    model = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten())
    return priors.Prior(f'mean:{name}', model, lambda image: pil_to_tensor(
        image.resize([image_size] * 2)) / 255, f'{image_size}, {weights}')


@pytest.fixture(autouse=True)
def registered(monkeypatch) -> None:
    monkeypatch.setitem(priors.PRIORS, 'mean', load_mean)


def pair(*outs: Path) -> list:
    return [CIFAR, '--prior', 'mean:a', '--image-size', 8, '--weights', 'x',
            '--prior', 'mean:b', '--image-size', 32, '--weights', 'none',
            '--dim', 4, *(word for out in outs for word in ('--out', out))]


def test_two_stores(cifar_root, tmp_path, capsys):
    outs, data = [tmp_path / 'a', tmp_path / 'b'], cifar(cifar_root, tmp_path)
    assert call('gen_targets', *pair(*outs), '--dry-run', *data) == 0
    said = lines(capsys.readouterr().out)
    assert [line.split(':')[0] for line in said] == [
        'mean', 'time', 'disk'] * 2
    assert not any(out.exists() for out in outs)
    assert call('gen_targets', *pair(*outs), '--normalize', 'standardize',
                *data) == 0
    said = lines(capsys.readouterr().out)
    for out, name, look, line in zip(
            outs, 'ab', ('8, x', '32, none'), said, strict=True):
        made = TargetStore.open(out).manifest
        assert made.prior['name'] == f'mean:{name}'
        assert made.prior['preprocessing'] == look
        assert made.pca['normalize'] == 'standardize'
        assert line.startswith(f'{out}: 16 targets of 4 components from mean')
        assert f'{out}/features (0 MB) may be removed' in line
    assert call('gen_targets', *pair(*outs), '--verify', 8, *data) == 0
    said = lines(capsys.readouterr().out)
    assert [line.split(':')[0] for line in said] == [*map(str, outs)]


def test_counts_that_differ(cifar_root, tmp_path, mistake):
    data = cifar(cifar_root, tmp_path / 'out')
    three = ['--prior', 'mean:c', *data]
    said = mistake('gen_targets', *pair(tmp_path / 'a', tmp_path / 'b'),
                   *three)
    assert '--out is there 2 times for 3 --prior: give it once for each' in (
        said)
    said = mistake('gen_targets', *pair(tmp_path / 'a', tmp_path / 'b'),
                   '--features', tmp_path / 'f', *data)
    assert '--features is there 1 times for 2 --out' in said
    assert not [*tmp_path.glob('?')]
