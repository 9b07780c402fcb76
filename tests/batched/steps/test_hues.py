"""Tables of hues, against Pillow's conversion and colorsys."""
from __future__ import annotations

import colorsys

import numpy as np
import torch
from PIL import Image

from mmrela.batched.steps.colour import _hue_index
from mmrela.batched.steps.hues import hue_table, ramp_table

CPU = torch.device('cpu')


def test_hues_are_pillows():
    """Of drawn colours, near greys, and of every kind of ties."""
    rng = np.random.default_rng(0)
    near = rng.integers(0, 250, (60000, 1)) + rng.integers(0, 6, (60000, 3))
    ties = np.array(np.meshgrid(*[[0, 1, 127, 254, 255]] * 3)).reshape(3, -1).T
    rgb = np.concatenate([rng.integers(0, 256, (200000, 3)), near, ties])
    expected = np.asarray(Image.fromarray(
        rgb.astype(np.uint8)[None]).convert('HSV'))[0, :, 0]
    images = torch.from_numpy(rgb[:, ::-1].T.copy()).float()[None, :, None]
    index = _hue_index(images, images.amax(1), images.amax(1) - images.amin(1))
    found = hue_table(CPU)[index.long()].flatten()
    np.testing.assert_array_equal(found, expected)


def test_channels_lack_what_pure_hues_do():
    for hue, missing in enumerate(ramp_table(CPU).T.tolist()):
        rgb = colorsys.hsv_to_rgb(hue % 256 / 255, 1, 1)
        np.testing.assert_allclose(
            missing, [255 * (part - 1) for part in rgb[::-1]], atol=1e-4)
