"""Calls the tools, most inside of the tests' process: much faster."""
from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from forked import free_port
from mmengine.logging import MMLogger
from PIL import Image

from _lib.cli import run

ROOT = Path(__file__).parents[2]
CIFAR = str(ROOT / 'configs' / 'byol_rela_r18_cifar10_quickstart.py')
IN1K = str(ROOT / 'configs' / 'byol_rela_r50_in1k.py')
DATA = 'train_dataloader.dataset'
BAR = re.compile(r'img/s\] *$')  # a progress bar, on a line of its own


def call(tool: str, *argv) -> int:
    """Run a tool in this process and return its exit code."""
    with pytest.MonkeyPatch.context() as patch, \
            pytest.raises(SystemExit) as exited:
        patch.setattr(sys, 'argv', [f'{tool}.py', *map(str, argv)])
        patch.setenv('LOCAL_RANK', '0')
        try:
            run(importlib.import_module(tool).main)
        finally:  # a logger keeps the stdout of the test that made it
            MMLogger._instance_dict.clear()
    return exited.value.code or 0


def until(condition: Callable[[], object], seconds: float = 120) -> None:
    """Wait for a condition, which must come true in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def shell(*command, **variables: str) -> subprocess.CompletedProcess:
    """Run a command in the repository's root and return what it did."""
    environment = dict(
        os.environ, PYTHON=sys.executable, PYTHONPATH=str(ROOT),
        PORT=str(free_port()), OMP_NUM_THREADS='1') | variables
    return subprocess.run(
        [*map(str, command)], capture_output=True, text=True, cwd=ROOT,
        env=environment, timeout=900)


def lines(text: str) -> list[str]:
    """What was printed, without blank lines and progress bars."""
    return [line for line in re.split('[\r\n]+', text)
            if line and not BAR.search(line)]


def colors(picture: Path) -> set[str]:
    """What more than 50 of a picture's pixels show, as ``#rrggbb``."""
    with Image.open(picture) as image:
        found = image.convert('RGB').getcolors(image.width * image.height)
    return {f'#{bytes(color).hex()}' for count, color in found if count > 50}


def cifar(root: Path, targets: Path, *more: str) -> list[str]:
    """Options that make the quickstart config tiny."""
    return ['--cfg-options', f'{DATA}.data_root={root}', f'{DATA}.indices=16',
            f'{DATA}.targets={targets}', 'train_dataloader.batch_size=8',
            *more]


def in1k(root: Path, targets: Path, *more: str) -> list[str]:
    """Options that make the ImageNet config small."""
    return ['--cfg-options', f'{DATA}.data_root={root}',
            f'{DATA}.targets={targets}', 'train_dataloader.num_workers=0',
            'train_dataloader.persistent_workers=False',
            'model.backbone.depth=18', *more]
