"""The four changes of a jitter, in each image's own order."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .keys import uniform, within

BRIGHTNESS, CONTRAST, SATURATION, HUE = range(4)
NO_HUE = 4  # its place among four changes where there is none
Range = tuple[float, float]


def jitter_draws(
    keys: np.ndarray, ranges: Sequence[Range | None]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What mmpretrain's ``ColorJitter`` draws.

    Args:
        keys: (N,) uint64.
        ranges: Of the four; ``None`` leaves one out.

    Returns:
        Three kinds in each image's own order, (N, 3); their factors, (N, 3);
        the place of the hue among them, (N,), and its shift in levels, (N,)
        int32, 0 to 255.
    """
    draws = uniform(keys, 8)
    orders = draws[:, :4].argsort(1)
    factors = np.stack([
        within(bounds or (1, 1), draws[:, 4 + kind])
        for kind, bounds in enumerate(ranges[:HUE])], 1)
    kinds = orders[orders != HUE].reshape(-1, 3)
    factors = np.take_along_axis(factors, kinds, 1)
    hues = ranges[HUE]
    if hues is None:
        return (kinds, factors, np.full(len(keys), NO_HUE),
                np.zeros(len(keys), np.int32))
    hue = within(hues, draws[:, 7])
    shifts = np.trunc(hue * 255).astype(np.int32) % 256
    return kinds, factors, (orders == HUE).argmax(1), shifts


def sorted_blends(
    kinds: np.ndarray, factors: np.ndarray, places: np.ndarray,
    shifts: np.ndarray, pixels: np.ndarray
) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
    """Let one shift of hue stand among three blends before and after.

    Args:
        kinds, factors, places, shifts: See :func:`jitter_draws`.
        pixels: Of each image, (N,).

    Returns:
        The order of images, (N,), in which they go by the hue's place; six
        blends, each (3, n, 1, 1, 1) float32, and shifts, (n,), as
        :func:`.colour.jitter` wants them.
    """
    order = places.argsort(kind='stable')
    places = places[order]
    numbers = np.stack([
        factors, kinds == SATURATION,
        np.where(kinds == CONTRAST, pixels[:, None], np.inf)
    ]).astype(np.float32)[:, order]
    # An image whose hue has place p takes the last p of three before it, and
    # its other blends in the first 3 - p of three after it.
    before, after = [], []
    for number, start in enumerate(places.searchsorted([3, 2, 1])):
        before.append(_columns(
            numbers[:, start:], places[start:].clip(max=3) - 3 + number))
        after.append(_columns(numbers[:, :start], places[:start] + number))
    return order, before + after, shifts[order][places < NO_HUE]


def _columns(numbers: np.ndarray, which: np.ndarray) -> np.ndarray:
    """One blend of each image, (3, n, 1, 1, 1)."""
    picked = numbers[:, np.arange(len(which)), which]
    return picked[..., None, None, None]
