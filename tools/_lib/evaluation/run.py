"""From the arguments of ``evaluate.py`` to its tables."""
from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from mmengine.config import Config

from mmrela.errors import UserError
from mmrela.evaluation.labelled import network, with_images
from mmrela.evaluation.scores import evaluate
from mmrela.priors import Prior

from .report import markdown, write_report


def carry_out(cfg: Config, args: argparse.Namespace) -> str:
    """Score all networks; the table, on the first rank.

    Raises:
        UserError: of the checkpoints or the images.
    """
    with_images(cfg, args.data)
    files = checkpoints_of(args.all) if args.all else {}
    rows = [evaluate(cfg, model, args.epochs, args.seed, args.labels)
            for model in networks(cfg, args, [*files.values()])]
    if None in rows:
        return ''
    if args.out:
        write_report(rows, [*files], args.out)
    return markdown(rows)


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


def networks(cfg: Config, args: argparse.Namespace, files: list[Path]
             ) -> Iterator[Prior]:
    """Those of checkpoints, one after the other, or a prior."""
    for file in files or args.checkpoints or [None]:
        yield network(cfg, file, args.prior, args.weights, args.image_size)
