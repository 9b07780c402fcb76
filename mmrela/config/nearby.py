"""A config's file, and the one that was meant."""
from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from ..errors import UserError
from ..home import HOME
from ..spelling import meant, nearest


def config_path(spec: str) -> Path:
    """A config's file; ``mmpretrain::byol/….py`` is one that it installed.

    Raises:
        UserError: there is no such package.
    """
    package, scoped, name = spec.partition('::')
    if not scoped:
        return Path(spec)
    found = find_spec(package) if package.isidentifier() else None
    if not (found and found.submodule_search_locations):
        raise UserError(f'no config at {spec}: no package {package}')
    return Path(found.submodule_search_locations[0], '.mim/configs', name)


def config_meant(spec: str, path: Path) -> str:
    """A question for a config that is not there, or nothing.

    Args:
        spec: As the user spelt it; ``PACKAGE::FILE`` is another package's.
        path: Where it would be. Files of that folder and of mmrela's
            configs are asked for.
    """
    package, scoped, name = spec.partition('::')
    if scoped:
        root = Path(str(path).removesuffix(name))
        return meant(name, (file.relative_to(root).as_posix()
                            for file in root.rglob('*.py')), f'{package}::')
    shipped = [file for file in (HOME / 'configs').rglob('*.py')
               if '_base_' not in file.parts]
    known = {file.stem: file for file in (*shipped, *path.parent.glob('*.py'))}
    near = nearest(path.name.removesuffix('.py'), known)
    return f' (is {_short(known[near])} meant?)' if near else ''


def _short(file: Path) -> str:
    """A path as seen from here, where it lies below."""
    relative = os.path.relpath(file.resolve())  # links lead to configs/
    return str(file) if relative.startswith('..') else relative
