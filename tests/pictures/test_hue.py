"""Hues that mmcv refuses with numpy 2, and nobody else's `adjust_hue`."""
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import cv2
import mmcv
import numpy as np
import pytest
from hosts import small_config
from mmcv.image import photometric
from mmpretrain.registry import DATASETS, TRANSFORMS
from smooth import smooth_images

from mmrela.datasets.samplers.rela_sampler import RelaIndex
from mmrela.pictures.hue import mended_hue
from mmrela.rng import seeded


@pytest.fixture
def image():
    """Smooth colours of many hues, (24, 32, 3) uint8, BGR."""
    return smooth_images(1, (24, 32))[0].permute(1, 2, 0).numpy()


def turn_hue(image, steps):
    """Turn the hue by ``steps`` of 256, in integers of any size."""
    hue, *others = cv2.split(cv2.cvtColor(image, cv2.COLOR_BGR2HSV_FULL))
    hue = ((hue.astype(int) + steps) % 256).astype(np.uint8)
    return cv2.cvtColor(cv2.merge([hue, *others]), cv2.COLOR_HSV2BGR_FULL)


@pytest.mark.parametrize('factor, steps', [
    (-0.001, 0), (-0.004, -1), (-0.05, -12), (-0.1, -25), (-0.25, -63),
    (-0.5, -127)
])
def test_negative_hue_wraps_around(image, factor, steps):
    """The cast to a byte cuts off fractions, so -12.75 steps are -12."""
    with mended_hue():
        found = mmcv.adjust_hue(image, factor)
    np.testing.assert_array_equal(found, turn_hue(image, steps))


@pytest.mark.parametrize('backend', ['cv2', 'pillow'])
def test_both_backends_turn_back(image, backend):
    """A negative hue undoes the positive one, up to rounding."""
    with mended_hue():
        turned = mmcv.adjust_hue(image, 0.2, backend=backend)
        back = mmcv.adjust_hue(turned, -0.2, backend=backend)
    assert abs(turned.astype(int) - image).max() > 50
    assert abs(back.astype(int) - image).max() <= 12


@pytest.mark.parametrize('factor', [0, 0.003, 0.1, 0.37, 0.5])
def test_positive_hue_is_upstreams(image, factor):
    with mended_hue():
        found = mmcv.adjust_hue(image, factor)
    np.testing.assert_array_equal(found, photometric.adjust_hue(image, factor))


@pytest.mark.parametrize('factor', [-0.51, 0.6])
def test_range_of_the_hue_is_still_checked(image, factor):
    with pytest.raises(ValueError, match='hue_factor'), mended_hue():
        mmcv.adjust_hue(image, factor)


def test_color_jitter_draws_any_hue(image):
    jitter = TRANSFORMS.build(dict(type='ColorJitter', hue=0.5))
    with mended_hue(), seeded(0):
        outputs = [jitter(dict(img=image))['img'] for _ in range(200)]
    assert {output.shape for output in outputs} == {image.shape}
    assert len({output.tobytes() for output in outputs}) > 100


def test_upstreams_is_back_after_the_last_block(image):
    upstream = mmcv.adjust_hue
    with mended_hue(), mended_hue():
        mended = mmcv.adjust_hue
    assert mmcv.adjust_hue is upstream
    with pytest.raises(RuntimeError), mended_hue():
        raise RuntimeError
    assert mmcv.adjust_hue is upstream
    assert (mended is upstream) == np.__version__.startswith('1.')


def test_threads_may_come_and_go(image):
    """The first one's block ends in the middle of the second one's."""
    upstream, inside, done = mmcv.adjust_hue, Event(), Event()

    def second():
        with mended_hue():
            inside.set()
            assert done.wait(60)
            return mmcv.adjust_hue(image, -0.1)

    with ThreadPoolExecutor(1) as pool:
        with mended_hue():
            expected = mmcv.adjust_hue(image, -0.1)
            found = pool.submit(second)
            assert inside.wait(60)
        done.set()
        np.testing.assert_array_equal(found.result(), expected)
    assert mmcv.adjust_hue is upstream


@pytest.mark.parametrize('index', [3, RelaIndex(3, 0, 5), RelaIndex(3, 1, 5)])
def test_both_stages_of_a_data_set_run_mended(cifar_root, tmp_path, index):
    cfg = small_config('BYOL', cifar_root, tmp_path / 'work')
    jitter = dict(type='ColorJitter', hue=(-0.3, -0.2))
    settings = cfg.train_dataloader.dataset
    for pipeline in (settings.pipeline, settings.rela_pipeline):
        pipeline[0].transforms[0].append(jitter)
    upstream = mmcv.adjust_hue
    dataset = DATASETS.build(settings)
    assert dataset[index]['inputs'][0].shape == (3, 32, 32)
    assert mmcv.adjust_hue is upstream
