"""The checkpoints that a run has left."""
from __future__ import annotations

import re
from pathlib import Path

from mmrela.errors import UserError


def checkpoints_of(work_dir: Path) -> dict[int, Path]:
    """Checkpoints of a run by their epochs, or steps, in order.

    Raises:
        UserError: there is none, or they are of both kinds.
    """
    found: dict[str, dict[int, Path]] = {}
    for file in work_dir.glob('*.pth'):
        name = re.fullmatch(r'(epoch|iter)_(\d+)', file.stem)
        if name:
            found.setdefault(name[1], {})[int(name[2])] = file
    if len(found) != 1:
        raise UserError(
            f'--all {work_dir}: there are '
            f'{"both" if found else "neither"} epoch_N.pth and iter_N.pth; '
            'name the files')
    (files, ) = found.values()
    return dict(sorted(files.items()))
