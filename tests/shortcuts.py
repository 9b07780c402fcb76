"""Once imported, two things that every small training did are done once.

Results are the same; each would take most of a small training's time.
"""
from __future__ import annotations

from pathlib import Path

from mmengine.config import config

from mmrela.datasets import cifar

_read: dict[tuple, list[dict]] = {}
_load_data_list = cifar.CIFAR10Binary.load_data_list


def _load_once(self) -> list[dict]:
    """150 MB of the same files are read once in a process."""
    files = sorted(Path(self.data_root).glob('*/*.bin'))
    stats = [(str(f), f.stat().st_size, f.stat().st_mtime_ns) for f in files]
    key = (self.split, *stats)
    if key not in _read:
        while len(_read) > 1:  # training and test images of one root
            del _read[next(iter(_read))]
        _read[key] = _load_data_list(self)
    return list(_read[key])


cifar.CIFAR10Binary.load_data_list = _load_once
# mmengine lays out a config for the log and for each checkpoint.
config.FormatCode = lambda code, **_: (code, True)
