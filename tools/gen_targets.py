"""Run a prior model once over a config's images and store its targets."""
from __future__ import annotations

import argparse

from mmengine.config import Config
from mmpretrain.registry import DATASETS

from _cli import run
from _config import add_config_arguments, load_config
from mmrela.dataset import RelaTargetDataset
from mmrela.errors import UserError
from mmrela.features import loads_bgr
from mmrela.generation import generate
from mmrela.pca import NORMALIZATIONS
from mmrela.priors import build_prior


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_config_arguments(parser)
    parser.add_argument(
        '--prior',
        required=True,
        help='torchvision:NAME, or random[:SEED] (the student, untrained)')
    parser.add_argument(
        '--weights',
        metavar='FILE|none',
        help="the prior's weights (default: its library's)")
    parser.add_argument(
        '--image-size', type=int, metavar='S',
        help='side of the square that the prior sees (default: its own)')
    parser.add_argument(
        '--dim', type=int, metavar='K',
        help='components (default: model.rela_head.out_channels)')
    parser.add_argument(
        '--normalize', choices=NORMALIZATIONS, default='center',
        help='scaling of the components (default: center)')
    parser.add_argument(
        '--dtype', choices=['float16', 'float32'], default='float16')
    parser.add_argument(
        '--out', metavar='DIR',
        help='default: train_dataloader.dataset.targets')
    return parser.parse_args()


def build_dataset(cfg: Config) -> RelaTargetDataset:
    """The config's training images.

    Raises:
        UserError: they are not wrapped for RELA.
    """
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    if not isinstance(dataset, RelaTargetDataset):
        raise UserError('train_dataloader.dataset.type must be '
                        'RelaTargetDataset: see "Your config" in the README')
    return dataset


def head_width(cfg: Config) -> int:
    """Components that the config's head predicts."""
    head = cfg.model.get('rela_head', {})
    return head.get('out_channels') or cfg.model.neck.in_channels


def main() -> None:
    args = parse_args()
    cfg = load_config(args)
    prior = build_prior(args.prior, args.weights, args.image_size, cfg)
    dataset = build_dataset(cfg)
    store = generate(
        dataset,
        prior,
        args.out or dataset.targets,
        head_width(cfg) if args.dim is None else args.dim,
        args.normalize,
        bgr=loads_bgr(cfg),
        workers=cfg.train_dataloader.num_workers,
        dtype=args.dtype)
    meta = store.meta
    print(f'{store.directory}: {len(store)} targets of {store.dim} '
          f'components from {args.prior}, {meta["pca"]["variance_kept"]:.1%} '
          f'of the variance; features took {meta["feature_seconds"]} s, PCA '
          f'{meta["pca_seconds"]} s')


if __name__ == '__main__':
    run(main)
