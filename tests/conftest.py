"""Small data sets with the layout of the real ones."""
from __future__ import annotations

import functools
import os
import time

# Results to the bit and ranks that share one device are the CPU's.
os.environ.setdefault('CUDA_VISIBLE_DEVICES', '')

from pathlib import Path

import numpy as np
import pytest
import shortcuts  # noqa: F401
import torch
from PIL import Image
from smooth import smooth_images
from walk import imports, inside

torch.set_num_threads(1)
# Who imports none of these neither trains nor starts processes.
LONG = ('calls', 'elsewhere', 'forked', 'mmengine.runner', 'multiprocessing',
        'mypy', 'recorder', 'subprocess', 'train_ranks')


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as quick what is neither slow nor in a file that takes long."""
    @functools.cache
    def takes_long(file: Path) -> bool:
        found = imports(file.stem, file.read_text('utf-8'))
        return any(inside(name, LONG) for name in found)

    for item in items:
        if not item.get_closest_marker('slow') and not takes_long(item.path):
            item.add_marker('quick')


@pytest.fixture(scope='session')
def cifar_root(tmp_path_factory) -> Path:
    """A ``data_root`` for ``CIFAR10Binary``; its six files are one."""
    root = tmp_path_factory.mktemp('cifar10')
    folder = root / 'cifar-10-batches-bin'
    folder.mkdir()
    labels = torch.arange(10000) % 10
    images = smooth_images(10000, (32, 32)).flatten(1)
    images[:, :1024] //= 2  # the red plane tells the class
    images[:, :1024] += 12 * labels[:, None].to(torch.uint8)
    rows = torch.cat([labels[:, None].to(torch.uint8), images], 1)
    first = folder / 'data_batch_1.bin'
    rows.numpy().tofile(first)
    for name in [f'data_batch_{i}' for i in range(2, 6)] + ['test_batch']:
        os.link(first, folder / f'{name}.bin')
    return root


@pytest.fixture(scope='session')
def image_folder(tmp_path_factory) -> Path:
    """An ImageNet of 3 classes x 6 JPEGs of 40 to 60 pixels; also val/.

    ``meta/train.txt`` and ``meta/val.txt`` spare mmpretrain's ``ImageNet``
    the other 997 classes.
    """
    root = tmp_path_factory.mktemp('imagenet')
    (root / 'meta').mkdir()
    for seed, split in enumerate(['train', 'val']):
        names = [f'class_{c}/{i}.jpg' for c in range(3) for i in range(6)]
        sizes = np.random.default_rng(seed).integers(40, 61, (18, 2))
        for i, (name, size) in enumerate(zip(names, sizes.tolist())):
            file = root / split / name
            file.parent.mkdir(parents=True, exist_ok=True)
            image = smooth_images(1, tuple(size), seed=100 * seed + i)[0]
            Image.fromarray(image.permute(1, 2, 0).numpy()).save(
                file, quality=95)
        lines = [f'{name} {name[6]}\n' for name in names]
        (root / 'meta' / f'{split}.txt').write_text(''.join(lines))
    return root


@pytest.fixture(scope='session')
def make_store():
    """Write a store of given targets, ``(directory, targets, **fields)``."""
    from mmrela.targets import Manifest, write_store

    def make(directory: Path, targets: np.ndarray, **fields):
        return write_store(directory, [targets], Manifest(
            *targets.shape, ids='0' * 32, prior=dict(name='numbers'),
            **fields))

    return make


@pytest.fixture
def numbers() -> np.ndarray:
    """Features or targets of 40 samples, (40, 3) float32."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(40, 3)).astype(np.float32)


@pytest.fixture
def clock(monkeypatch) -> None:
    """``time.perf_counter`` that only ``time.sleep`` moves.

    What a test says of seconds then holds on a busy machine, too.
    """
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(time, 'sleep', sleep)
    monkeypatch.setattr(time, 'perf_counter', lambda: now[0])
