"""What a registry says of a wrong name, for users."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import extract_tb
from urllib.error import URLError

from ..errors import UserError, said
from .names import being_built, name_meant


@contextmanager
def misspelt(config: str) -> Iterator[None]:
    """A registry's answer to a wrong type, key or value, as one sentence.

    Raises:
        UserError: names what is not known, what is missing, or what could
            not be built.
    """
    try:
        yield
    except UserError:
        raise
    except (AssertionError, ValueError) as e:
        if 'epoch_length' not in str(e):
            _refuse_unbuilt(config, e)
            raise
        raise UserError(
            f'{config}: an epoch has no batch, since the images are fewer '
            'than train_dataloader.batch_size: lower it') from e
    except (KeyError, TypeError) as e:
        message = str(e.args[0]) if e.args else ''
        if not any(text in message for text in (
                'is not in the', 'unexpected keyword argument',
                'required positional argument')):
            _refuse_unbuilt(config, e)
            raise
        cure = (': if a base gives it, replace the whole entry by '
                '_delete_=True' * ('unexpected' in message))
        raise UserError(
            f'{config}, or --cfg-options, has a name that is not known, or '
            f'lacks one: {message.splitlines()[0].partition(". Please")[0]}'
            f'{name_meant(e)}{cure}') from e
    except URLError as e:
        raise UserError(
            f'{config} names weights to download, and there is no way to '
            f'them ({e.reason}): put them into the cache, TORCH_HOME, on a '
            'machine with a network') from e
    except FileNotFoundError as e:
        raise UserError(f'{config} names a file or folder that is not there: '
                        f'{e}') from e


def _refuse_unbuilt(config: str, error: Exception) -> None:
    """Say what was being built, and why it could not be.

    Raises:
        UserError: unless nothing was.
    """
    found = being_built(error)
    if not found:
        return
    name, settings = found
    where = extract_tb(error.__traceback__)[-1]
    why = said(error) if str(error) else (
        f'{type(error).__name__}: {where.line}')
    raise UserError(
        f'{config}, or --cfg-options: {name} cannot be built{settings}: {why} '
        f'({Path(where.filename).name}, line {where.lineno})') from error
