"""What the tools share that look at images with priors."""
from __future__ import annotations

import argparse

from mmengine.config import Config
from mmpretrain.registry import DATASETS

from mmrela.datasets.rela_target import RelaTargetDataset
from mmrela.errors import UserError
from mmrela.priors import list_priors

from .config import misspelt

SPELLING = 'KIND:NAME[,size=S][,weights=FILE|none]'


class ListPriors(argparse.Action):
    """``--list-priors``: needs no config, and ends the tool."""

    def __call__(self, parser: argparse.ArgumentParser, *args) -> None:
        print(list_priors())
        parser.exit()


def add_list_priors(parser: argparse.ArgumentParser) -> None:
    """Add ``--list-priors``."""
    parser.add_argument(
        '--list-priors', nargs=0, action=ListPriors,
        help='tell what there is for --prior, with licences and sizes')


def build_dataset(cfg: Config) -> RelaTargetDataset:
    """The config's training images.

    Raises:
        UserError: they are not wrapped for RELA, or cannot be built.
    """
    found = DATASETS.get(cfg.train_dataloader.dataset.type)
    if not (found and issubclass(found, RelaTargetDataset)):
        raise UserError('train_dataloader.dataset.type must be '
                        'RelaTargetDataset: see "Your config" in the README')
    with misspelt(cfg.filename):
        return DATASETS.build(cfg.train_dataloader.dataset)
