"""Which checkpoint a training goes on from."""
from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from mmengine.config import Config
from mmengine.fileio import get_file_backend
from mmengine.hooks import CheckpointHook
from mmpretrain.registry import HOOKS

from ..errors import UserError
from ..resolve import resolve
from .checkpoints import ForeignCheckpointError, require_sound

_NAMES = 'epoch_{}.pth', 'iter_{}.pth'  # mmengine's own


def checkpoint_hooks(cfg: Config) -> list[dict]:
    """A config's entries for hooks that write checkpoints."""
    entries = [*cfg.get('default_hooks', {}).values(),
               *(cfg.get('custom_hooks') or [])]
    return [entry for entry in entries if isinstance(entry, dict)
            and _writes_checkpoints(entry.get('type'))]


def folders(work_dir: str | Path, hooks: Sequence[dict]) -> list[str]:
    """The work directory, and where each of the hooks writes."""
    return [str(work_dir), *(_out_dir(hook, work_dir) for hook in hooks)]


def _writes_checkpoints(kind: str | type | None) -> bool:
    hook = resolve(kind, HOOKS)
    return isinstance(hook, type) and issubclass(hook, CheckpointHook)


def newest_sound(work_dir: str | Path, hooks: Sequence[dict] = (),
                 trusted: bool = False) -> str | None:
    """The newest checkpoint of a training that is not damaged.

    Those that a ``CheckpointHook`` writes in turn count, in the work
    directory and in its ``out_dir``, and what mmengine's
    ``last_checkpoint`` names; ``best_*.pth``, published and exported
    weights cannot be resumed. Local files are ordered by their times,
    others by their numbers.

    Args:
        work_dir: Of the training.
        hooks: See :func:`checkpoint_hooks`.
        trusted: Whether the file may run code, as unpickling does.

    Returns:
        Its path; ``None`` if there is none.

    Raises:
        ForeignCheckpointError: it needs pickle and is not trusted.
        UserError: ``out_dir`` cannot be listed.
    """
    for file in _newest_first(Path(work_dir), hooks):
        try:
            require_sound(file, trusted)
            return file
        except ForeignCheckpointError:
            raise
        except UserError as e:
            print(f'passed over: {e}', flush=True)
    return None


def _newest_first(work_dir: Path, hooks: Sequence[dict]) -> list[str]:
    last = _last_checkpoint(work_dir)
    places = zip(({}, *hooks, {}),
                 (*folders(work_dir, hooks), os.path.dirname(last)))
    own = (hook.get('filename_tmpl') for hook in hooks)
    pattern = re.compile('|'.join(map(
        _pattern, {*_NAMES, *filter(None, own)})))
    found = {last: 0}
    for hook, folder in places:
        if folder:
            found.update(_files(_absolute(folder), hook, pattern))
    local = [file for file in found if os.path.isfile(file)]
    remote = [file for file in found if '://' in file]
    local.sort(key=lambda file: os.stat(file).st_mtime_ns, reverse=True)
    remote.sort(key=lambda file: (file == last, found[file]), reverse=True)
    return remote + local if '://' in last else local + remote


def _last_checkpoint(work_dir: Path) -> str:
    """What mmengine's note in the work directory names, or nothing."""
    file = work_dir / 'last_checkpoint'
    last = file.read_text().strip() if file.is_file() else ''
    return _absolute(last) if last and not os.path.basename(
        last).startswith('best_') else ''


def _absolute(path: str) -> str:
    return path if '://' in path else os.path.abspath(path)


def _out_dir(hook: dict, work_dir: str | Path) -> str:
    """Where a hook writes: mmengine adds the work directory's name."""
    own = os.path.abspath(work_dir)
    out_dir = str(hook.get('out_dir') or own)
    return out_dir if out_dir == own else os.path.join(
        out_dir, os.path.basename(own))


def _pattern(template: str) -> str:
    """A regular expression for ``filename_tmpl``."""
    return re.sub(r'\\{.*?\\}', r'(\\d+)', re.escape(template))


def _files(folder: str, hook: dict,
           pattern: re.Pattern) -> Iterator[tuple[str, int]]:
    """Files that fit, and their numbers; ``hook`` names the backend."""
    try:
        backend = get_file_backend(
            folder, backend_args=hook.get('backend_args'))
        names = [*backend.list_dir_or_file(folder, list_dir=False)
                 ] if backend.isdir(folder) else []
    except Exception as e:  # the backend's own, whatever it is
        raise UserError(f'cannot look for checkpoints in {folder} (out_dir '
                        f'of CheckpointHook): {e}') from e
    for name in names:
        if fits := pattern.fullmatch(name):
            number = next(filter(None, fits.groups()), 0)
            yield os.path.join(folder, name), int(number)
