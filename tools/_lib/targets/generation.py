"""Targets of a config's images: made, recomputed, or only estimated."""
from __future__ import annotations

import argparse
from pathlib import Path

from mmengine.config import Config

from mmrela import processes
from mmrela.datasets.passed_over import passed_over
from mmrela.errors import UserError
from mmrela.features.images import PriorImages, images_of
from mmrela.generation.dry_run import estimate
from mmrela.generation.generate import generate
from mmrela.generation.verify import verify_store
from mmrela.priors import build_prior
from mmrela.targets import TargetStore

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
    images = images_of(cfg, dataset.dataset, prior,
                       skip=args.on_bad_image == 'skip')
    out = Path(args.out or dataset.targets)
    if args.verify is not None:
        return verify(images, out, args.verify)
    dim = head_width(cfg) if args.dim is None else args.dim
    passed = '' if processes.rank_and_size()[0] else passed_over(
        dataset.dataset)
    if args.dry_run:
        return '\n'.join(filter(None, (
            dry_run(images, out, dim, args.dtype), passed)))
    features = Path(args.features or out / 'features')
    store = generate(images, out, dim, args.normalize, args.dtype, features)
    return ' '.join(filter(None, (summary(store, features), passed)))


def verify(images: PriorImages, out: Path, count: int) -> str:
    """Compare a finished store with its prior."""
    store = TargetStore.open(out)
    cosine = verify_store(store, images, count)
    count = min(count, len(store) - len(store.skipped))
    return (f'{out}: {count} targets recomputed, smallest cosine '
            f'{cosine:.5f}')


def dry_run(images: PriorImages, out: Path, dim: int, dtype: str) -> str:
    """Sizes, time and disk; the other ranks leave it to the first."""
    rank, size = processes.rank_and_size()
    return '' if rank else estimate(images, out, dim, dtype, size)


def summary(store: TargetStore, features: Path) -> str:
    """What was generated, in a sentence or two."""
    made = store.manifest
    left_out = ''
    if store.skipped:
        left_out = (f' {len(store.skipped)} unreadable images are left out '
                    'and listed in meta.json.')
    size = sum(f.stat().st_size for f in features.glob('*.npy')) / 1e6
    count = len(store) - len(store.skipped)
    return (f'{store.directory}: {count} targets of {store.dim} '
            f'components from {made.prior["name"]}, '
            f'{made.pca["variance_kept"]:.1%} of the variance; features '
            f'took {made.feature_seconds} s, PCA {made.pca_seconds} s.'
            f'{left_out} {features} ({size:.0f} MB) may be removed; it makes '
            'another --dim or --normalize without reading images.')
