"""Two classes under crops, in pixels and in features."""
from __future__ import annotations

import json
import sys

import pytest
import torch
from calls import CIFAR, DATA, IN1K, call, colors, in1k

from _lib.views.overlap import SCALES, choose, knn_error, pixels
from mmrela.datasets.cifar import CIFAR10Binary


@pytest.fixture
def options(cifar_root) -> list[str]:
    return ['--cfg-options', f'{DATA}.data_root={cifar_root}',
            f'{DATA}.indices=200', 'model.backbone.base_channels=8',
            'model.backbone.stem_channels=8']


@pytest.mark.parametrize('more', [[], ['--prior', 'random']])
def test_pictures_and_numbers(more, options, tmp_path, capsys, monkeypatch):
    from _lib.views import overlap
    monkeypatch.setattr(overlap, 'tsne', lambda points: points[:, :2].numpy())
    out = tmp_path / 'new' / 'views'
    out.parent.mkdir()
    assert call('show_views', CIFAR, '--classes', 2, 9, '--samples', 16,
                '--out', out, *more, *options) == 0
    found = json.loads(out.with_suffix('.json').read_text())
    assert [panel['scale'] for panel in found['panels']] == [*SCALES]
    assert found['names'] == ['bird', 'truck'] and found['images'] == 32
    assert found['labels'] == 16 * [2] + 16 * [9]
    assert found['space'] == ('random:0' if more else 'pixels, 32 x 32')
    for panel in found['panels']:
        assert 0 <= panel['error'] <= 1 and len(panel['map']) == 32
    said = capsys.readouterr().out
    assert f'| no crop | {100 * found["panels"][-1]["error"]:.1f} |' in said
    assert {'#1f77b4', '#ff7f0e'} <= colors(out.with_suffix('.png'))


def test_a_map_of_two_dimensions():
    pytest.importorskip('sklearn')
    from _lib.views.overlap import tsne
    points = torch.randn(40, 5, generator=torch.Generator().manual_seed(0))
    points[20:] += 50
    found = torch.from_numpy(tsne(points))
    assert found.shape == (40, 2)
    assert knn_error(found, torch.arange(40) // 20) == 0


def test_the_error_counts_the_others_alone():
    points = torch.cat([torch.zeros(20, 1), torch.ones(20, 1)])
    labels = torch.arange(40) // 20
    assert knn_error(points, labels) == 0
    labels[0] = 1  # all of its neighbours are of class 0
    assert knn_error(points, labels) == 1 / 40


def test_a_smaller_scale_is_a_smaller_crop(cifar_root):
    dataset = CIFAR10Binary(str(cifar_root), indices=200)
    pieces = choose(dataset, (0, 1), 18)
    assert [piece.row for piece in pieces[:3]] == [0, 10, 20]

    def change(scale: float) -> float:
        """From the whole image, mean over images."""
        return float(torch.stack([
            (pixels(dataset, piece._replace(scale=scale))
             - pixels(dataset, piece._replace(seed=None))).abs().mean()
            for piece in pieces]).mean())

    assert change(0.02) > change(0.5) > change(1) >= 0
    first = pixels(dataset, pieces[0])
    assert torch.equal(first, pixels(dataset, pieces[0]))


def test_mistakes(options, image_folder, tmp_path, mistake, monkeypatch):
    assert 'names one twice' in mistake('show_views', CIFAR, '--classes', 1,
                                        1, *options)
    assert '--classes 10: that class has 0 images' in mistake(
        'show_views', CIFAR, '--classes', 0, 10, *options)
    assert 'that class has 6 images, more than 15' in mistake(
        'show_views', IN1K, *in1k(image_folder, tmp_path))
    monkeypatch.setitem(sys.modules, 'sklearn', None)
    assert 'pip install scikit-learn' in mistake('show_views', CIFAR, *options)
