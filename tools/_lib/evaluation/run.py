"""From the arguments of ``evaluate.py`` to its tables."""
from __future__ import annotations

import argparse

from mmengine.config import Config

from mmrela.errors import UserError

from .labelled import class_folders
from .report import markdown, write_report
from .scores import checkpoints_of, evaluate, networks


def carry_out(cfg: Config, args: argparse.Namespace) -> str:
    """Score all networks; the table, on the first rank.

    Raises:
        UserError: of the checkpoints or the images.
    """
    if args.data:
        cfg.probe = class_folders(args.data)
    if not cfg.get('probe'):
        raise UserError(f'{args.config} has no `probe` entry with labelled '
                        'train and test images: pass --data FOLDER')
    files = checkpoints_of(args.all) if args.all else {}
    rows = []
    for model in networks(cfg, [*files.values()] or args.checkpoints,
                          args.prior, args.weights, args.image_size):
        row = evaluate(cfg, model, args.epochs, args.seed, args.labels)
        if row is not None:
            name = model.name.removeprefix('checkpoint:')
            rows.append(dict(model=name, **row, epochs=args.epochs,
                             seed=args.seed))
    if not rows:
        return ''
    if args.out:
        write_report(rows, [*files], args.out)
    return markdown(rows)
