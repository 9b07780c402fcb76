"""What a dry run foretells, against what generation then takes."""
from __future__ import annotations

import re
import time

import numpy as np
import pytest
import torch
from mmpretrain.registry import DATASETS
from torch.utils.data import Dataset

from mmrela.errors import UserError
from mmrela.features.images import PriorImages
from mmrela.features.stopwatch import Stopwatch
from mmrela.features.timing import measure, spread
from mmrela.generation.dry_run import estimate, in_bytes, span
from mmrela.generation.generate import generate
from mmrela.priors import Prior


class Slow(torch.nn.Module):
    """3 × 9 pixels as features; each image takes ``pause`` seconds."""

    def __init__(self, pause: float) -> None:
        super().__init__()
        self.pause, self.seen = pause, []

    def forward(self, x):
        self.seen.append(len(x))
        time.sleep(self.pause * len(x) + (len(self.seen) == 1))
        return torch.nn.functional.adaptive_avg_pool2d(x, 3).flatten(1)


def pixels(image):
    return torch.tensor(np.array(image)).permute(2, 0, 1).float()


def slow(pause: float = 0.004) -> Prior:
    return Prior('slow', Slow(pause), pixels, '')


@pytest.fixture(scope='module')
def images(cifar_root) -> Dataset:
    return DATASETS.build(dict(
        type='CIFAR10Binary', data_root=str(cifar_root), indices=300,
        pipeline=[]))


def test_rate_leaves_the_start_out(images, clock):
    prior, watch = slow(), Stopwatch()
    features, rate = measure(
        PriorImages(images, prior), spread(300, 96, 32), 'title', watch)
    assert prior.model.seen == 4 * [32]  # the first ones twice
    assert features.shape == (96, 27)
    assert rate == pytest.approx(250)  # 83 with the first second
    assert watch.seconds['forward'] == watch.total


def test_estimate(images, tmp_path):
    directory = tmp_path / 'not' / 'there'
    said = estimate(PriorImages(images, slow()), directory, 5,
                    ranks=2).split('\n')
    assert said[0].startswith('slow: 0.0 million weights, 27 features')
    seconds, rate = map(float, re.match(
        r'time: ([\d.]+) s for 300 images at (\d+) img/s by 2 processes',
        said[1]).groups())
    assert seconds == pytest.approx(300 / rate, rel=0.1)
    assert said[2].startswith('disk: 32.4 kB of features, which may be '
                              'removed afterwards, and 3 kB of targets')
    assert not directory.exists()
    generate(PriorImages(images, slow(0)), directory, 5)
    blocks = sum(f.stat().st_size for f in directory.glob('features/*.npy'))
    targets = (directory / 'targets.npy').stat().st_size
    assert blocks == pytest.approx(32400, abs=200)
    assert targets == pytest.approx(3000, abs=200)


def test_what_generation_would_refuse(images, tmp_path):
    with pytest.raises(UserError, match='28 components.* 27 features'):
        estimate(PriorImages(images, slow(0)), tmp_path, 28)


def test_spread():
    assert spread(9, 5, 2) == [[0, 2], [4, 6], [8]]
    assert spread(3, 50) == [[0, 1, 2]]


@pytest.mark.parametrize('amount, text', [
    (999, '999 B'), (25.6e6, '25.6 MB'), (1.3e12, '1.3 TB')])
def test_bytes(amount, text):
    assert in_bytes(amount) == text


@pytest.mark.parametrize('seconds, text', [
    (1.26, '1.3 s'), (119, '119.0 s'), (600, '10 min'), (9000, '2.5 h')])
def test_spans(seconds, text):
    assert span(seconds) == text
