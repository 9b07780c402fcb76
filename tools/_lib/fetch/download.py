"""Verified downloads for the ``prepare_*`` tools."""

from __future__ import annotations

import hashlib
import http.client
import os
import subprocess
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from gzip import GzipFile
from pathlib import Path
from typing import IO

import torch

from mmrela.files.downloads import impatient

from ..cli import ToolError

CHUNK = 1 << 20
FAILED_TRANSFER = (OSError, EOFError, http.client.HTTPException)
BROKEN_ARCHIVE = (tarfile.TarError, zipfile.BadZipFile, zlib.error)


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Raise ``ToolError`` for a failed transfer or a broken archive.

    Args:
        what: the start of its sentence, e.g. the file's name.
    """
    try:
        yield
    except (*FAILED_TRANSFER, *BROKEN_ARCHIVE) as error:
        reason = str(error) or type(error).__name__
        raise ToolError(f'{what}: {reason}') from error


def has_digest(path: Path, hash_algo: str, digest: str) -> bool:
    """Tell whether ``path`` is a file with this checksum."""
    if not path.is_file():
        return False
    found = hashlib.new(hash_algo)
    with path.open('rb') as file:
        while chunk := file.read(CHUNK):
            found.update(chunk)
    return found.hexdigest() == digest


def save(
    stream: IO[bytes] | GzipFile, dest: Path, hash_algo: str, digest: str
) -> None:
    """Copy a stream to ``dest``, which appears only once it is verified.

    Args:
        stream: read to its end.
        dest: replaced atomically; its folder is made where missing.
        hash_algo: a name that ``hashlib.new`` knows.
        digest: the expected checksum, in lower-case hex.

    Raises:
        ToolError: the checksum differs; ``dest`` is left as it was.
    """
    dest.parent.mkdir(parents=True, exist_ok=True)
    part = dest.with_name(f'.{dest.name}.{os.getpid()}.part')
    found = hashlib.new(hash_algo)
    try:
        with part.open('wb') as file:
            while chunk := stream.read(CHUNK):
                file.write(chunk)
                found.update(chunk)
        if found.hexdigest() != digest:
            raise ToolError(
                f'{dest.name} has the {hash_algo} {found.hexdigest()}, '
                f'expected {digest}'
            )
        part.replace(dest)
    finally:
        part.unlink(missing_ok=True)


def download(url: str, dest: Path, hash_algo: str, digest: str) -> None:
    """Fetch a URL to ``dest`` with a progress bar and verify its checksum.

    Nothing is fetched if ``dest`` has the right checksum already; the
    arguments and errors are those of :func:`save`.
    """
    if has_digest(dest, hash_algo, digest):
        return
    with fetched(url) as file, file.open('rb') as stream:
        save(stream, dest, hash_algo, digest)


@contextmanager
def fetched(url: str) -> Iterator[Path]:
    """What is behind a URL, in a temporary file, not verified yet.

    Raises:
        ToolError: it cannot be had.
    """
    with tempfile.TemporaryDirectory() as temp:
        file = Path(temp, url.rpartition('/')[2])
        with explained(url), impatient():
            torch.hub.download_url_to_file(url, str(file))
        yield file


def first_of(sources: Mapping[str, Callable[[], None]], cure: str) -> str:
    """Try the sources in order until one does not raise ``ToolError``.

    Args:
        sources: what to call, by the name that is shown to the user.
        cure: what to do by hand, the end of the error's sentence.

    Returns:
        The name of the source that worked.

    Raises:
        ToolError: none worked.
    """
    reasons = []
    for name, fetch in sources.items():
        print(f'trying {name} ...', flush=True)
        try:
            with explained('failed'):  # by a full disk, for instance
                fetch()
            return name
        except ToolError as error:
            print(f'  no: {error}', flush=True)
            reasons.append(f'{name}: {error}')
    raise ToolError(f'no source worked ({"; ".join(reasons)}); {cure}')


def command(args: list[str], cwd: Path) -> None:
    """Run a package manager quietly in the folder ``cwd``.

    Raises:
        ToolError: it failed; ends with the first error line it printed.
    """
    with explained(args[0]):
        done = subprocess.run(args, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if 'rror' in line]
        reason = lines[0].strip() if lines else 'it said no more'
        raise ToolError(f'exit code {done.returncode}: {reason}')
