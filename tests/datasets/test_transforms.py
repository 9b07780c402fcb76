import numpy as np
import pytest
from mmpretrain.registry import TRANSFORMS

from mmrela.rng import seeded

SIZES = [(100, 130), (130, 100), (90, 90)]


def coordinates(size):
    """An image whose channels are its rows, its columns and zero."""
    rows, columns = np.indices(size)
    image = np.stack([rows, columns, 0 * rows], -1)
    return image.astype(np.uint8)


def crop(size, seed=0, **kwargs):
    """What one crop makes of an image that encodes coordinates."""
    transform = TRANSFORMS.build(dict(type='NativeResizedCrop', **kwargs))
    with seeded(seed):
        return transform(dict(img=coordinates(size)))['img']


def extent(image):
    """Height and width of the part of the image that is seen.

    Enlarging a crop leaves the values at its borders as they are.
    """
    rows, columns = image[..., 0].astype(int), image[..., 1].astype(int)
    return np.ptp(rows) + 1, np.ptp(columns) + 1


@pytest.mark.parametrize('size', SIZES)
def test_gives_back_the_size_that_came_in(size):
    for seed in range(20):
        assert crop(size, seed).shape == (*size, 3)


def test_each_image_has_its_own_size():
    transform = TRANSFORMS.build(dict(type='NativeResizedCrop'))
    for size in SIZES:
        image = transform(dict(img=coordinates(size)))['img']
        assert image.shape == (*size, 3)


@pytest.mark.parametrize('size', SIZES)
@pytest.mark.parametrize('low, high', [(0.5, 1), (0.08, 0.2), (0.3, 0.3)])
def test_share_of_the_area_lies_in_the_range(size, low, high):
    shares = []
    for seed in range(100):
        h, w = extent(crop(size, seed, crop_ratio_range=(low, high)))
        slack = (h + w) / 2 / (size[0] * size[1])  # half a pixel a side
        share = h * w / (size[0] * size[1])
        assert low - slack <= share <= high + slack
        assert 0.72 < w / h < 1.4  # 3/4 to 4/3, of whole pixels
        shares.append(share)
    middle = (low + high) / 2
    assert min(shares) <= middle <= max(shares)
    assert max(shares) - min(shares) > 0.7 * (high - low)


def test_whole_image_is_left_as_it_is():
    image = crop((90, 90), crop_ratio_range=(1, 1), aspect_ratio_range=(1, 1))
    np.testing.assert_array_equal(image, coordinates((90, 90)))


def test_the_seed_alone_decides():
    outputs = [crop((100, 130), seed).tobytes() for seed in range(10)]
    assert len(set(outputs)) == 10
    np.random.rand(3)
    again = [crop((100, 130), seed).tobytes() for seed in range(10)]
    assert again == outputs
