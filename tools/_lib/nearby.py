"""The config that a user may have meant."""
from __future__ import annotations

import os
from pathlib import Path

from mmrela.home import HOME
from mmrela.spelling import meant, nearest


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
    relative = os.path.relpath(file)
    return str(file) if relative.startswith('..') else relative
