"""Real photographs that a test dependency ships."""
from __future__ import annotations

from PIL import Image
from sklearn.datasets import load_sample_images


def photos() -> list[Image.Image]:
    """A temple, a flower, and an upright part of each, RGB."""
    whole = [Image.fromarray(array) for array in load_sample_images().images]
    return whole + [image.crop((100, 20, 320, 420)) for image in whole]
