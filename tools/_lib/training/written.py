"""The config that a command line stands for, to keep or to look at."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from mmengine.config import Config

from mmrela.errors import UserError
from mmrela.files.atomic import write_atomically


def write(cfg: Config, file: str) -> None:
    """Leave a config in a file that needs no other.

    Raises:
        UserError: it is no Python file, or cannot be written.
    """
    if not file.endswith('.py'):
        raise UserError(f'--dump {file}: the name of a config ends in .py')
    write_atomically(Path(file), cfg.pretty_text.encode())


def differences(file: str, cfg: Config) -> str:
    """What a config changes in that of a file: a line for each entry.

    Entries are spelled as ``--cfg-options`` spells them, with ``-`` before
    the old value and ``+`` before the new one.
    """
    before, after = (dict(_entries(each.to_dict()))
                     for each in (Config.fromfile(file), cfg))
    lines = []
    for key in sorted({*before, *after}):
        old, new = (f'{key}={entries[key]!r}' if key in entries else None
                    for entries in (before, after))
        if old != new:
            lines += [f'- {old}'] * bool(old) + [f'+ {new}'] * bool(new)
    return '\n'.join(lines)


def _entries(value: object, key: str = '') -> Iterator[tuple[str, object]]:
    """Values that are neither dicts nor lists with dicts, with their keys."""
    if isinstance(value, dict) and value:
        parts: Iterable[tuple[object, object]] = value.items()
    elif isinstance(value, (list, tuple)) and any(
            isinstance(part, (dict, list, tuple)) for part in value):
        parts = enumerate(value)
    else:
        yield key, value
        return
    for name, part in parts:
        yield from _entries(part, f'{key}.{name}' if key else str(name))
