"""Weights from the libraries' own places, by their own caches."""
from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib import request
from urllib.error import HTTPError

import torch

from ..errors import UserError

PATIENCE = 20  # seconds without an answer


@contextmanager
def downloading(what: str, cure: str, url: str | None = None
                ) -> Iterator[None]:
    """Let a library download, but not wait for a network that is not there.

    Args:
        what: Is downloaded.
        cure: What to do by hand.
        url: Is asked first; the libraries try for minutes.

    Raises:
        UserError: names both.
    """
    try:
        with impatient():
            if url:
                _reach(url)
            yield
    except UserError:
        raise
    except Exception as e:  # each library has its own
        raise UserError(f'cannot download {what} ({type(e).__name__}): '
                        f'{cure}') from e


@contextmanager
def impatient() -> Iterator[None]:
    """Sockets give up on a network that does not answer."""
    patience = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(patience)


def _reach(url: str) -> None:
    """Do nothing, or fail at once without a network; obeys proxies."""
    try:
        request.urlopen(request.Request(url, method='HEAD')).close()
    except HTTPError:
        pass  # somebody has answered


def hub_file(repo: str, names: list[str], what: str) -> str:
    """The first of some files that a repository of the hub has.

    It comes from the hub's own cache if it is there.

    Args:
        repo: ``owner/name`` on the Hugging Face hub.
        names: Files, the best first.
        what: Is wanted, for the message.

    Raises:
        UserError: there is no network, or no such file.
    """
    from huggingface_hub import constants, hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError
    for name in names:
        with suppress(EntryNotFoundError):
            return hf_hub_download(repo, name, local_files_only=True)
    cure = (f'fetch {names[0]} of {repo} on the Hugging Face hub by hand and '
            'say ,weights=FILE behind the prior')
    with downloading(what, cure, constants.ENDPOINT):
        for name in names[:-1]:
            with suppress(EntryNotFoundError):
                return hf_hub_download(repo, name)
        return hf_hub_download(repo, names[-1])


def url_file(url: str, what: str) -> str:
    """A file behind a URL, from torch's cache if it is there.

    Args:
        url: If its name ends in ``-HASH.…``, the hash is compared.
        what: Is wanted, for the message.

    Raises:
        UserError: there is no network, or no such file.
    """
    file = Path(torch.hub.get_dir(), 'checkpoints', url.rpartition('/')[2])
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        digest = torch.hub.HASH_REGEX.search(file.name)
        with downloading(what, f'fetch {url} by hand and say '
                         ',weights=FILE behind the prior'):
            torch.hub.download_url_to_file(
                url, str(file), digest.group(1) if digest else None)
    return str(file)
