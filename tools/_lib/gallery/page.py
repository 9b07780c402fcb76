"""One page for one run or several, which needs nothing but itself."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path

from mmrela.errors import UserError
from mmrela.files.atomic import write_atomically
from mmrela.version import __version__

from . import sections
from .cost import cost
from .look import CSS, FRAME
from .neighbours import neighbours
from .parts import note
from .run import Finished

SECTIONS: dict[str, Callable[[Sequence[Finished]], str]] = {
    'Curves': sections.curves,
    'Linear probe': sections.probe,
    'Neighbours before and after': neighbours,
    'What the targets hold': sections.spectrum,
    'Cost': cost,
}


def write_page(logs: dict[str, list[dict]], file: Path) -> None:
    """Write the page of some runs.

    Args:
        logs: See :func:`~_lib.training.curves.load`, by work directories.
        file: Where to.
    """
    runs = [Finished(Path(name), log) for name, log in logs.items()]
    title = ', '.join(run.work_dir.resolve().name for run in runs)
    body = (f'<h1>{escape(title)}</h1><p>{escape(_subtitle(runs))}</p>'
            + _made(sections.overview, runs) + ''.join(
                f'<section><h2>{name}</h2>{_made(make, runs)}</section>'
                for name, make in SECTIONS.items()))
    write_atomically(file, FRAME.substitute(
        title=escape(title), css=CSS, body=body,
        footer=f'mmrela {__version__}').encode())


def _made(make: Callable, runs: Sequence[Finished]) -> str:
    try:
        return make(runs)
    except UserError as e:
        return note(str(e))


def _subtitle(runs: Sequence[Finished]) -> str:
    if len(runs) > 1:
        return f'{len(runs)} runs'
    try:
        cfg = runs[0].cfg
    except UserError:
        return ''
    kind = cfg.model.backbone.type
    return ' · '.join(map(str, filter(None, (
        f'{cfg.model.get("host", cfg.model.type)} on '
        f'{kind if isinstance(kind, str) else kind.__name__}'
        f'{cfg.model.backbone.get("depth", "")}',
        f'batches of {cfg.train_dataloader.batch_size}',
        runs[0].summary.get('device'),
        'seed' in runs[0].summary and f'seed {runs[0].summary["seed"]}'))))
