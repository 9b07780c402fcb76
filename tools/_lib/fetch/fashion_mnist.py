"""Fashion-MNIST's four files, unpacked (MIT licence, Zalando SE)."""
from __future__ import annotations

import gzip
import tempfile
from functools import partial
from pathlib import Path

from ..cli import ToolError
from .download import (
    command,
    explained,
    fetched,
    first_of,
    has_digest,
    save,
)

URL = 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com'
DEBIAN_PACKAGE = 'dataset-fashion-mnist'
DEBIAN_FOLDER = Path('usr/share/datasets/fashion-mnist')
MD5 = {
    'train-images-idx3-ubyte': 'f4a8712d7a061bf5bd6d2ca38dc4d50a',
    'train-labels-idx1-ubyte': '9018921c3c673c538a1fc5bad174d6f9',
    't10k-images-idx3-ubyte': '8181f5470baa50b63fa0f6fddb340f0a',
    't10k-labels-idx1-ubyte': '15d484375f8d13e6eb1aabb0c3f46965',
}


def missing(root: Path) -> list[str]:
    """Name the files that ``root`` lacks or holds with a wrong checksum."""
    return [name for name, md5 in MD5.items()
            if not has_digest(root / name, 'md5', md5)]


def from_folder(folder: Path, root: Path) -> None:
    """Unpack the four ``.gz`` files of a folder.

    Raises:
        ToolError: one is missing, broken or another.
    """
    for name in MD5:
        unpack(folder / f'{name}.gz', root)


def unpack(file: Path, root: Path) -> None:
    """Unpack one of the files; raises as :func:`from_folder` does."""
    with explained(f'cannot read {file}'), gzip.open(file) as stream:
        save(stream, root / file.stem, 'md5', MD5[file.stem])


def from_home_page(root: Path) -> None:
    """Download and unpack the files of the data set's authors."""
    for name in MD5:
        with fetched(f'{URL}/{name}.gz') as file:
            unpack(file, root)


def from_debian(root: Path) -> None:
    """Let apt fetch a package that holds the same files and unpack it."""
    with tempfile.TemporaryDirectory(dir=root) as temp:
        command(['apt-get', 'download', DEBIAN_PACKAGE], Path(temp))
        for package in Path(temp).glob('*.deb'):
            command(['dpkg-deb', '-x', package.name, '.'], Path(temp))
            return from_folder(Path(temp) / DEBIAN_FOLDER, root)
    raise ToolError('apt-get left no package behind')


def prepare(root: Path, folder: Path | None) -> str:
    """Make the data set complete in ``root``.

    Args:
        root: gets the four files.
        folder: where the user put the packed ones, instead of a source.

    Returns:
        One sentence for the user.

    Raises:
        ToolError: no source, or not this folder, gave the right files.
    """
    if not missing(root):
        return f'Fashion-MNIST is complete in {root}, nothing to do.'
    with explained(f'cannot write to {root}'):
        root.mkdir(parents=True, exist_ok=True)
    if folder:
        from_folder(folder, root)
        return f'Fashion-MNIST is in {root}, from {folder}.'
    sources = {
        'the home page': partial(from_home_page, root),
        f'Debian ({DEBIAN_PACKAGE}, 31 MB)': partial(from_debian, root),
    }
    source = first_of(
        sources, f'fetch the four .gz files of {URL} by hand and pass their '
        'folder as --folder DIR')
    return f'Fashion-MNIST is in {root}, from {source}.'
