"""mmcv's hue shift, mended for as long as pipelines run."""
from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

import mmcv
import numpy as np

_lock = Lock()
_users = 0  # blocks of all threads that are in `mended_hue`
_original: Callable


class _WrappedHue(float):
    """A hue shift whose scaled value fits an unsigned byte."""

    def __mul__(self, scale: float) -> int:
        return int(float(self) * scale) % 256


@contextmanager
def mended_hue() -> Iterator[None]:
    """mmcv 2.2.0, numpy >= 2: ``np.uint8(-12.75)`` raises OverflowError.

    `mmcv/image/photometric.py` casts ``hue_factor * 255`` and relies on
    the wrap-around that numpy 2 took away, so ColorJitter dies on the
    first negative hue. ``mmcv.adjust_hue`` is another within the block, and
    itself again after the last block of any thread.
    """
    global _users, _original
    if not _is_broken():
        yield
        return
    with _lock:
        if not _users:
            _original, mmcv.adjust_hue = mmcv.adjust_hue, _adjust_hue
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users:
                mmcv.adjust_hue = _original


@functools.cache
def _is_broken() -> bool:
    try:
        mmcv.adjust_hue(np.zeros((1, 1, 3), np.uint8), -0.1)
    except OverflowError:
        return True
    return False


def _adjust_hue(img: np.ndarray, hue_factor: float,
                backend: str | None = None) -> np.ndarray:
    return _original(img, _WrappedHue(hue_factor), backend=backend)
