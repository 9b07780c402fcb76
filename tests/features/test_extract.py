"""Features batch by batch: precision, times, what the caller sees."""
from __future__ import annotations

import time
from dataclasses import replace

import pytest
import torch
from old_torch import needs_fp16
from PIL import Image
from smooth import smooth_images
from torch import nn

from mmrela.errors import UserError
from mmrela.features.extract import batches_of, extract
from mmrela.features.images import PriorImages
from mmrela.features.stopwatch import Stopwatch
from mmrela.priors import Prior


class Pictures:
    """As much of mmpretrain's data sets as is needed."""

    class pipeline:  # noqa: N801
        transforms = []

    def __init__(self, count: int, seconds: float = 0) -> None:
        self.images = smooth_images(count, (8, 8)).permute(0, 2, 3, 1).numpy()
        self.seconds = seconds

    def __len__(self) -> int:
        return len(self.images)

    def get_data_info(self, index: int) -> dict:
        time.sleep(self.seconds)
        return dict(img=self.images[index])


def tensor(image: Image.Image) -> torch.Tensor:
    pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
    return pixels.reshape(8, 8, 3).permute(2, 0, 1) / 255


def linear(seconds: float = 0) -> Prior:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(192, 5))
    model.register_forward_hook(lambda *_: time.sleep(seconds))
    return Prior('linear', model, tensor, 'as it is')


@needs_fp16
def test_half_precision_is_told_and_used():
    pictures, seen = Pictures(6), {}
    for amp in (None, 'bf16', 'fp16'):
        prior = linear()
        prior.amp = amp
        dtypes = []
        prior.model[1].register_forward_hook(
            lambda _, __, out, to=dtypes: to.append(out.dtype))
        features, _ = next(extract(PriorImages(pictures, prior), None))
        assert features.dtype == torch.float32
        seen[amp] = (features, dtypes[0], prior.fingerprint())
    assert [seen[amp][1] for amp in seen] == [
        torch.float32, torch.bfloat16, torch.float16]
    exact = seen[None][0]
    for amp, bound in (('bf16', 1e-2), ('fp16', 2e-3)):
        error = (seen[amp][0] - exact).abs().max() / exact.abs().max()
        assert 0 < error < bound
    said = [print_['preprocessing'] for _, _, print_ in seen.values()]
    assert said == ['as it is', 'as it is, bf16', 'as it is, fp16']


def test_features_are_those_of_the_images_asked_for():
    pictures, prior = Pictures(5), linear()
    found = torch.cat([features for features, _ in extract(
        PriorImages(pictures, prior), None, [range(2), [4, 2, 3]])])
    images = torch.from_numpy(pictures.images[[0, 1, 4, 2, 3]].copy())
    wanted = prior.model(images.permute(0, 3, 1, 2) / 255)
    torch.testing.assert_close(found, wanted)


class Picky(Prior):
    """Cannot read image 1, nor any from 4 on."""

    def input_of(self, sample):
        if sample.index == 1 or sample.index >= 4:
            raise UserError(f'image {sample.index} cannot be read')
        return super().input_of(sample)


BATCHES = [range(0, 4), range(4, 6), [3, 1]]


def picky(model: nn.Module, skip: bool) -> PriorImages:
    return PriorImages(Pictures(6), Picky('picky', model, tensor, ''),
                       skip=skip)


@pytest.mark.parametrize('workers', [0, 2])
def test_unreadable_images(workers):
    """They have no features; a batch of none has no width, either."""
    images = replace(picky(linear().model, True), workers=workers)
    found, masks = zip(*extract(images, None, BATCHES))
    assert [mask.tolist() for mask in masks] == [
        [True, False, True, True], [False, False], [True, False]]
    assert [part.shape for part in found] == [(3, 5), (0, 1), (1, 5)]
    wanted = torch.cat([f for f, _ in extract(
        PriorImages(images.dataset, linear()), None, [[0, 2, 3]])])
    torch.testing.assert_close(found[0], wanted)
    with pytest.raises(UserError, match='image 1 cannot be read'):
        next(extract(picky(linear().model, False), None, BATCHES))


def test_bad_features_are_those_of_the_right_image():
    class Bad(nn.Module):
        def forward(self, x):  # two images come, the second one is image 2
            features = x.mean((2, 3))
            features[1] = torch.inf
            return features

    with pytest.raises(UserError, match='picky gives NaN .* image 2: look'):
        next(extract(picky(Bad(), True), None, [[0, 1, 2]]))


def test_features_may_be_trained_on():
    features, _ = next(extract(PriorImages(Pictures(3), linear()), None))
    nn.Linear(5, 1)(features).sum().backward()


def test_caller_stays_out_of_inference_mode():
    prior = linear()
    for _ in extract(PriorImages(Pictures(3), prior), None):
        assert not torch.is_inference_mode_enabled()


@pytest.mark.parametrize('slow', ['decode', 'forward', 'write'])
def test_times_go_where_they_belong(slow, clock, capsys):
    prior = linear(0.3 * (slow == 'forward'))
    pictures = Pictures(12, 0.05 * (slow == 'decode'))
    watch = Stopwatch()
    for _ in extract(PriorImages(pictures, prior), 'title',
                     [range(0, 6), range(6, 12)], watch=watch):
        time.sleep(0.3 * (slow == 'write'))
    assert watch.seconds[slow] == watch.total == pytest.approx(0.6)
    bar = capsys.readouterr().err.split('\r')[-1]
    assert f'title ({slow} ' in bar or f', {slow} ' in bar
    assert '12/12' in bar and bar.strip().endswith('img/s]')


def test_micro_batches_are_fixed():
    assert [len(b) for b in batches_of(range(5, 300))] == [128, 128, 39]
    assert [i for b in batches_of(range(5, 300)) for i in b
            ] == list(range(5, 300))


def test_the_bar_ends_though_nobody_asks_for_more(capsys):
    """As generation does, which knows how many batches there are."""
    found = extract(PriorImages(Pictures(12), linear()), 'title', BATCHES)
    for _ in BATCHES:
        next(found)
    found.close()
    done = sum(map(len, BATCHES))
    assert f'{done}/{done}' in capsys.readouterr().err.split('\r')[-1]
