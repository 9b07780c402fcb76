"""From the arguments of ``evaluate.py`` to its tables."""
from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from mmengine.config import Config

from mmrela.evaluation.labelled import network, with_images
from mmrela.evaluation.scores import evaluate
from mmrela.priors import Prior

from .checkpoints import checkpoints_of
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


def networks(cfg: Config, args: argparse.Namespace, files: list[Path]
             ) -> Iterator[Prior]:
    """Those of checkpoints, one after the other, or a prior."""
    for file in files or args.checkpoints or [None]:
        yield network(cfg, file, args.prior, args.weights, args.image_size)
