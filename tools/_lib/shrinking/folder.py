"""A folder of pictures, copied and shrunk by all cores."""
from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from tqdm import tqdm

from mmrela.errors import UserError, said
from mmrela.files.atomic import remove_leftovers, write_atomically
from mmrela.files.untrusted import DamagedError, size_of
from mmrela.pictures.formats import extensions

from ..training.machine import cores
from .picture import shrunk

SHRUNK, AS_IT_IS, OTHER, DAMAGED, THERE = (
    'shrunk', 'copied as they are', 'other files', 'damaged',
    'there already')


def prepare(source: Path, target: Path, side: int,
            workers: int | None = None) -> str:
    """Copy a folder, in which pictures get a short side of ``side`` pixels.

    ``TARGET.json`` tells what was asked for, so that another size does not
    mix with it.

    Args:
        source, target: The folders; names below them stay the same.
        side: Pixels.
        workers: Processes; ``None``: one for each core that this one has.

    Returns:
        What was done, with a sentence for each damaged picture.

    Raises:
        UserError: there is nothing to copy, one folder lies in the other,
            the target has pictures of another size, a file cannot be read,
            or the disk is full.
    """
    files = [*_files(source)]
    if not files:
        raise UserError(f'{source} has no files: name a folder of pictures')
    ends = source.resolve(), target.resolve()
    if ends[0] in (ends[1], *ends[1].parents) or ends[1] in ends[0].parents:
        raise UserError(f'{target} lies in {source}, or around it: name a '
                        'folder of its own')
    _claim(target, side)
    counts: Counter[str] = Counter()
    sentences: list[str] = []
    one = partial(_copy, source, target, side)
    with get_context('fork').Pool(workers or cores()) as pool:
        for done, reason in tqdm(
                pool.imap_unordered(one, files, chunksize=16),
                total=len(files), desc='prepare', unit='img'):
            counts[done] += 1
            sentences += [reason] if reason else []
        pool.close()
        pool.join()  # or `with` would kill its idle processes
    parts = ', '.join(f'{counts[kind]} {kind}' for kind in (
        SHRUNK, AS_IT_IS, OTHER, DAMAGED, THERE) if counts[kind])
    return '\n'.join([*sorted(sentences), f'{target}: {parts}; short sides '
                      f'have {side} pixels at most'])


def _files(source: Path) -> Iterator[str]:
    """Paths below a folder."""
    for folder, _, names in os.walk(source, followlinks=True):
        for name in names:
            yield os.path.relpath(os.path.join(folder, name), source)


def _claim(target: Path, side: int) -> None:
    note = Path(f'{target.absolute()}.json')
    asked = dict(short_side=side)
    try:
        there = json.loads(note.read_text()) if note.exists() else None
    except ValueError:
        there = 'something else'
    if there not in (None, asked) or there is None and target.exists():
        raise UserError(f'{target} holds {there or "files"} and not '
                        f'{asked}: remove it and {note.name}, or name '
                        'another folder')
    write_atomically(note, json.dumps(asked).encode())
    for folder, *_ in os.walk(target):
        remove_leftovers(folder)  # of a killed run


def _copy(source: Path, target: Path, side: int,
          name: str) -> tuple[str, str | None]:
    """What was done with a file, and what is wrong with it."""
    file = target / name
    if file.exists():
        return THERE, None
    content, done, reason = _content(source / name), OTHER, None
    if name.lower().endswith(extensions()):
        done = AS_IT_IS
        try:
            smaller = shrunk(content, side)
        except Exception as e:  # whatever Pillow says of a strange file
            done, reason = DAMAGED, (f'{source / name} cannot be read '
                                     f'({said(e)}): copied as it is')
        else:
            if smaller:
                content, done = smaller, SHRUNK
    write_atomically(file, content)
    return done, reason


def _content(file: Path) -> bytes:
    try:
        size_of(file)  # a pipe would block
        return file.read_bytes()
    except (OSError, DamagedError) as e:
        raise UserError(f'{file} cannot be read ({said(e)}): mend or remove '
                        'it') from e
