import cv2
import mmcv
import numpy as np
import pytest
import torch
from conftest import smooth_images
from mmcv.image import photometric
from mmpretrain.registry import TRANSFORMS
from torch import distributed, nn

from mmrela.engine import compat, cpu_ranks
from mmrela.rng import seeded


@pytest.fixture
def image():
    """Smooth colours of many hues, (24, 32, 3) uint8, BGR."""
    return smooth_images(1, (24, 32))[0].permute(1, 2, 0).numpy()


@pytest.fixture
def one_rank(tmp_path):
    distributed.init_process_group(
        'gloo', f'file://{tmp_path}/store', rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


def turn_hue(image, steps):
    """Turn the hue by ``steps`` of 256, in integers of any size."""
    hue, *others = cv2.split(cv2.cvtColor(image, cv2.COLOR_BGR2HSV_FULL))
    hue = ((hue.astype(int) + steps) % 256).astype(np.uint8)
    return cv2.cvtColor(cv2.merge([hue, *others]), cv2.COLOR_HSV2BGR_FULL)


@pytest.mark.parametrize('factor, steps', [
    (-0.001, 0), (-0.004, -1), (-0.05, -12), (-0.1, -25), (-0.25, -63),
    (-0.5, -127)
])  # yapf: disable
def test_negative_hue_wraps_around(image, factor, steps):
    """The cast to a byte cuts off fractions, so -12.75 steps are -12."""
    np.testing.assert_array_equal(
        mmcv.adjust_hue(image, factor), turn_hue(image, steps))


@pytest.mark.parametrize('backend', ['cv2', 'pillow'])
def test_both_backends_turn_back(image, backend):
    """A negative hue undoes the positive one, up to rounding."""
    turned = mmcv.adjust_hue(image, 0.2, backend=backend)
    back = mmcv.adjust_hue(turned, -0.2, backend=backend)
    assert abs(turned.astype(int) - image).max() > 50
    assert abs(back.astype(int) - image).max() <= 12


@pytest.mark.parametrize('factor', [0, 0.003, 0.1, 0.37, 0.5])
def test_positive_hue_is_upstreams(image, factor):
    np.testing.assert_array_equal(
        mmcv.adjust_hue(image, factor), photometric.adjust_hue(image, factor))


@pytest.mark.parametrize('factor', [-0.51, 0.6])
def test_range_of_the_hue_is_still_checked(image, factor):
    with pytest.raises(ValueError, match='hue_factor'):
        mmcv.adjust_hue(image, factor)


def test_color_jitter_draws_any_hue(image):
    jitter = TRANSFORMS.build(dict(type='ColorJitter', hue=0.5))
    with seeded(0):
        outputs = [jitter(dict(img=image))['img'] for _ in range(200)]
    assert {output.shape for output in outputs} == {image.shape}
    assert len({output.tobytes() for output in outputs}) > 100


def test_patching_twice_is_patching_once():
    patched = mmcv.adjust_hue
    compat.patch()
    assert mmcv.adjust_hue is patched


def test_cpu_ddp_trains_what_has_sync_bn(one_rank):
    """One step on one rank is that of the same model with plain BN."""
    layers = nn.Conv2d(3, 4, 3), nn.SyncBatchNorm(4), nn.Conv2d(4, 1, 3)
    plain = nn.Sequential(layers[0], nn.BatchNorm2d(4), layers[2])
    x = torch.randn(5, 3, 8, 8)
    expected = torch.autograd.grad(
        plain(x).square().sum(), list(plain.parameters()))
    model = cpu_ranks.CPUDistributedDataParallel(nn.Sequential(*layers))
    model(x).square().sum().backward()
    assert not any(isinstance(m, nn.SyncBatchNorm) for m in model.modules())
    assert list(model.module.state_dict()) == list(plain.state_dict())
    for weight, gradient in zip(model.parameters(), expected):
        torch.testing.assert_close(weight.grad, gradient)


def test_one_process_needs_no_group():
    cfg = dict(launcher='none')
    cpu_ranks.init_cpu_ranks(cfg)
    assert not distributed.is_initialized()
    assert cfg == dict(launcher='none')
