"""Targets of a config's images: made, recomputed, or only estimated."""
from __future__ import annotations

import argparse
from pathlib import Path

from mmengine.config import Config

from mmrela import processes
from mmrela.datasets.access import loads_bgr
from mmrela.datasets.rela_target import RelaTargetDataset
from mmrela.errors import UserError
from mmrela.generation.dry_run import estimate
from mmrela.generation.generate import generate
from mmrela.generation.verify import verify_store
from mmrela.priors import Prior, build_prior
from mmrela.targets.store import TargetStore

from ..images import build_dataset, head_width


def carry_out(cfg: Config, args: argparse.Namespace) -> str:
    """What the arguments of ``gen_targets.py`` ask for; what to tell.

    Raises:
        UserError: of the prior, the images, or a store that is there.
    """
    prior = build_prior(args.prior, args.weights, args.image_size, cfg)
    prior.amp = args.amp
    dataset = build_dataset(cfg)
    if dataset.prior not in (None, prior.name):
        raise UserError(f'train_dataloader.dataset.prior expects '
                        f'{dataset.prior}; the name of --prior {args.prior} '
                        f'is {prior.name}')
    out = Path(args.out or dataset.targets)
    if args.verify is not None:
        return verify(cfg, dataset, prior, out, args.verify)
    dim = head_width(cfg) if args.dim is None else args.dim
    if args.dry_run:
        return dry_run(cfg, dataset, prior, out, dim, args.dtype)
    features = Path(args.features or out / 'features')
    return make(cfg, dataset, prior, out, dim, args.dtype, features,
                normalize=args.normalize, skip=args.on_bad_image == 'skip')


def verify(cfg: Config, dataset: RelaTargetDataset, prior: Prior, out: Path,
           count: int) -> str:
    """Compare a finished store with its prior."""
    store = TargetStore.open(out)
    cosine = verify_store(store, dataset, prior, count, loads_bgr(cfg),
                          cfg.train_dataloader.num_workers)
    return (f'{out}: {min(count, len(store))} targets recomputed, '
            f'smallest cosine {cosine:.5f}')


def dry_run(cfg: Config, dataset: RelaTargetDataset, prior: Prior, out: Path,
            dim: int, dtype: str) -> str:
    """Sizes, time and disk; the other ranks leave it to the first."""
    rank, size = processes.rank_and_size()
    if rank > 0:
        return ''
    return estimate(dataset, prior, dim, out, ranks=size, bgr=loads_bgr(cfg),
                    dtype=dtype, workers=cfg.train_dataloader.num_workers)


def make(cfg: Config, dataset: RelaTargetDataset, prior: Prior, out: Path,
         dim: int, dtype: str, features: Path, **how: object) -> str:
    """Generate a store, or go on with what a killed process left."""
    store = generate(
        dataset, prior, str(out), dim, bgr=loads_bgr(cfg), dtype=dtype,
        workers=cfg.train_dataloader.num_workers, features=features, **how)
    return summary(store, features)


def summary(store: TargetStore, features: Path) -> str:
    """What was generated, in a sentence or two."""
    meta = store.meta
    left_out = ''
    if store.skipped:
        left_out = (f' {len(store.skipped)} unreadable images are left out '
                    'and listed in meta.json.')
    size = sum(f.stat().st_size for f in features.glob('*.npy')) / 1e6
    return (f'{store.directory}: {len(store)} targets of {store.dim} '
            f'components from {meta["prior"]["name"]}, '
            f'{meta["pca"]["variance_kept"]:.1%} of the variance; features '
            f'took {meta["feature_seconds"]} s, PCA {meta["pca_seconds"]} s.'
            f'{left_out} {features} ({size:.0f} MB) may be removed; it makes '
            'another --dim or --normalize without reading images.')
