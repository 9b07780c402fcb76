"""Synthetic JPEGs that take as long to decode as photographs."""
from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np


def write_photos(folder: Path, count: int, height: int = 375,
                 width: int = 500, quality: int = 92) -> Path:
    """Files in ``folder/train/class_0`` and ``class_1``; the folder.

    At 500 x 375 pixels they have some 68 kB, ImageNet's mean is 110.
    """
    rng = np.random.default_rng(0)
    for i in range(count):
        file = folder / f'train/class_{i % 2}/{i:04}.jpg'
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(cv2.imencode(
            '.jpg', photo(rng, height, width),
            [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes())
    return folder


def photo(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Levels (H, W, 3) whose spectrum falls like that of photographs."""
    rows, columns = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)
    frequency = np.hypot(rows, columns)
    frequency[0, 0] = 1
    shape = (3, *frequency.shape)
    waves = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    planes = np.fft.irfft2(waves / frequency**1.4, (height, width))
    planes /= planes.std((1, 2), keepdims=True)
    light, *colours = planes * [[[45]], [[12]], [[12]]]
    image = np.stack([light + colours[0], light, light + colours[1]], -1)
    return (image + 128).clip(0, 255).astype(np.uint8)
