"""Packed numbers, and views that go through their steps together."""
from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from mmrela.batched.program import (
    Launch,
    _unpacked,
    launches,
    pack,
    sent,
)
from mmrela.batched.steps.known import Blur, Crop, Flip, Grey, Jitter, Solarize
from mmrela.batched.steps.step import Chance, Series
from mmrela.batched.views import ViewSteps

SEEDS = np.random.default_rng(0).integers(2**31, size=128).astype(np.uint64)
CROP = Crop((0.08, 1), (0.75, 1.3), 10)
FLIP = Chance(0.5, Flip(3))
JITTER = Chance(0.8, Series((Jitter([(0.6, 1.4)] * 3 + [(-0.1, 0.1)]), )))
GREY = Chance(0.2, Grey((0.299, 0.587, 0.114)))
SOLARIZE = Chance(0.2, Solarize((128, 128)))
CIFAR = [(CROP, FLIP, JITTER, GREY), (CROP, FLIP, JITTER, GREY, SOLARIZE)]
MOCO_V3 = [(JITTER, GREY, Chance(prob, Blur((0.1, 2.0))), SOLARIZE, FLIP)
           for prob in (1., 0.1)]


class Launches(TorchDispatchMode):
    """Counts what a device would do; views and empty memory cost nothing.

    A ``meta`` tensor has no content: whoever asks for some, as ``item()``
    does on a GPU that has to be waited for, fails.
    """

    def __init__(self):
        super().__init__()
        self.copies, self.done = 0, Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **kwargs or {})
        tensors = [x for x in args if isinstance(x, torch.Tensor)]
        if isinstance(out, torch.Tensor) and out.is_meta:
            if any(not x.is_meta and x.ndim for x in tensors):
                self.copies += 1
            elif not (func.is_view or 'empty' in str(func)
                      or str(func).startswith('aten._unsafe_view')):
                self.done[str(func)] += 1
        return out


@pytest.mark.parametrize('views, side', [(CIFAR, 32), (MOCO_V3, 224)])
def test_two_views_take_few_launches_and_two_copies(views, side):
    meta = torch.device('meta')
    steps = ViewSteps([*map(Series, views)])
    images = torch.zeros(256, 3, side, side, dtype=torch.uint8)
    for _ in range(2):  # the tables of hues are there for the second
        with Launches() as counted:
            sizes = [(side, side)] * 2
            program = steps.draw(SEEDS, sizes, steps.groups(sizes)).to(meta)
            made = program.run(0, images.to(meta).clone())
    assert made.shape == images.shape
    assert counted.copies == 2
    assert 80 < counted.done.total() <= 200


def test_arrays_come_out_as_they_went_in():
    rng = np.random.default_rng(1)
    arrays = [rng.integers(0, 99, shape).astype(kind) for shape, kind in [
        ((3, ), np.uint8), ((2, 3), np.float64), ((), np.float32),
        ((5, 1, 1), np.int32), ((0, 4), np.float32), ((2, ), np.int64)]]
    arrays.append(np.ones((4, 6), np.float32)[:, ::2])
    program = pack([[Launch(FLIP, arrays[-2], arrays[:4])],
                    [Launch(FLIP, None, arrays)]])
    (first, ), (second, ) = program.groups
    assert first.rows is not None and second.rows is None
    for span, array in zip((first.rows, *first.arrays, *second.arrays),
                           (arrays[-2], *arrays[:4], *arrays)):
        found = _unpacked(program.packed, span)
        assert found.numpy().dtype == array.dtype
        np.testing.assert_array_equal(found, array)


def test_what_is_on_the_gpu_is_not_pinned():
    """The loader's thread has sent it; only the CPU's memory can be."""
    with FakeTensorMode():  # which has GPUs everywhere
        there = torch.empty(8, dtype=torch.uint8, device='cuda')
        assert sent(there, there.device) is there


def test_equal_steps_of_several_views_are_one_launch():
    keys = np.arange(40, dtype=np.uint64)
    first, second = Series((FLIP, GREY)), Series((FLIP, SOLARIZE, GREY))
    views = [[*view.draw(keys, (8, 8))] for view in (first, second)]
    found = [*launches(views, 40)]
    assert [launch.step for launch in found] == [
        FLIP.step, SOLARIZE.step, GREY.step]
    for launch, (mine, other) in zip(found[::2], [(0, 0), (1, 2)]):
        np.testing.assert_array_equal(launch.rows, np.r_[
            views[0][mine].rows, 40 + views[1][other].rows])
    np.testing.assert_array_equal(found[1].rows, 40 + views[1][1].rows)


def test_views_go_together_while_they_have_one_size():
    small = Crop(CROP.areas, CROP.aspects, 10, (16, 16))
    steps = ViewSteps([Series(view) for view in (
        (CROP, FLIP), (small, ), (CROP, GREY), (FLIP, CROP), (small, FLIP))])
    assert steps.groups([(32, 32)] * 5) == [[0, 2], [1, 4], [3]]
    steps = ViewSteps([Series((GREY, ))] * 3)
    assert steps.groups([(224, 224), (96, 96), (224, 224)]) == [[0, 2], [1]]
