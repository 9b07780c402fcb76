"""A folder of pictures as one LMDB."""
from __future__ import annotations

from pathlib import Path
from types import ModuleType

from tqdm import tqdm

from mmrela.errors import UserError
from mmrela.files.atomic import write_atomically
from mmrela.pictures.formats import extensions

BATCH = 1000  # pictures a transaction


def pack(folder: Path) -> str:
    """Put a folder's pictures into ``FOLDER.lmdb``, under their names.

    ``FOLDER.txt`` lists them, in the order of mmpretrain's data set of the
    folder without labels; it is written when all are there.

    Returns:
        What was done.

    Raises:
        UserError: a name is none for mmengine's LMDB backend, lmdb is not
            installed, or the disk is full.
    """
    lmdb = _lmdb()
    names = sorted(file.relative_to(folder).as_posix()
                   for file in folder.rglob('*')
                   if file.name.lower().endswith(extensions()))
    _check(names)
    room = sum((folder / name).stat().st_size + 2**14 for name in names)
    database, listed = Path(f'{folder}.lmdb'), Path(f'{folder}.txt')
    listed.unlink(missing_ok=True)
    bar = tqdm(total=len(names), desc='pack', unit='img')
    try:
        with lmdb.open(str(database), map_size=2 * room + 2**24) as opened:
            for start in range(0, len(names), BATCH):
                with opened.begin(write=True) as transaction:
                    for name in names[start:start + BATCH]:
                        transaction.put(
                            name.encode(), (folder / name).read_bytes())
                        bar.update()
    except lmdb.Error as e:
        raise UserError(f'{database} cannot be written ({e}): make room, or '
                        'remove it') from e
    write_atomically(listed, ''.join(f'{n}\n' for n in names).encode())
    return f'{database}: {len(names)} pictures, listed in {listed}'


def _lmdb() -> ModuleType:
    try:
        import lmdb
    except ImportError as e:
        raise UserError('--lmdb needs lmdb: pip install lmdb') from e
    return lmdb


def _check(names: list[str]) -> None:
    for name in names:
        if not name.isascii() or len(name) > 511:
            raise UserError(f'{name} is no key of an LMDB, which has 511 '
                            'ASCII characters at most: rename it')
