"""Targets of a config's images: made, recomputed, or only estimated."""
from __future__ import annotations

import argparse
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

from mmengine.config import Config
from mmpretrain.registry import MODELS

from mmrela import processes
from mmrela.config.images import build_dataset, head_width
from mmrela.config.misspelt import misspelt
from mmrela.datasets.passed_over import passed_over
from mmrela.datasets.rela_target import RelaTargetDataset
from mmrela.errors import UserError
from mmrela.features.images import PriorImages, images_of
from mmrela.generation.dry_run import estimate
from mmrela.generation.generate import generate_each
from mmrela.generation.verify import verify_store
from mmrela.priors import Prior, build_prior, feature_file, join
from mmrela.priors.joined import PLUS
from mmrela.targets import TargetStore

from .soundness import of_views


def carry_out(cfg: Config, args: argparse.Namespace) -> str:
    """What the arguments of ``gen_targets.py`` ask for; what to tell.

    Raises:
        UserError: of the prior, the images, or a store that is there.
    """
    if args.write_ids:
        return write_ids(build_dataset(cfg), args.write_ids)
    priors = build_priors(cfg, args)
    dataset = build_dataset(cfg)
    for prior in priors:
        prior.amp = args.amp
        if dataset.prior not in (None, prior.name):
            raise UserError(f'train_dataloader.dataset.prior expects '
                            f'{dataset.prior}; the name of --prior '
                            f'{PLUS.join(args.prior)} is {prior.name}')
    images = [images_of(cfg, dataset.dataset, prior,
                        args.on_bad_image == 'skip', args.views or 1,
                        '--on-bad-image skip')
              for prior in priors]
    outs = [*map(Path, args.out or [dataset.targets])]
    if args.verify is not None:
        return '\n'.join(verify(part, out, args.verify, args.views)
                         for part, out in zip(images, outs))
    dim = head_width(cfg) if args.dim is None else args.dim
    processes.from_first(lambda: check_model(cfg))
    passed = '' if processes.rank_and_size()[0] else passed_over(
        dataset.dataset)
    if args.dry_run:
        return '\n'.join(filter(None, (
            *(dry_run(part, out, dim, args.dtype)
              for part, out in zip(images, outs)), passed)))
    features = [*map(Path, args.features or (o / 'features' for o in outs))]
    stores = generate_each(
        images, outs, dim, args.normalize, args.dtype, features)
    said = '\n'.join(map(summary, stores, features))
    return ' '.join(filter(None, (said, passed)))


def build_priors(cfg: Config, args: argparse.Namespace) -> list[Prior]:
    """The prior of each store: one of each, or one joined of several."""
    outs = len(args.out or [''])
    if outs not in (1, len(args.prior)):
        raise UserError(
            f'--out is there {outs} times for {len(args.prior)} --prior: give '
            'it once for each, in their order, or once for all of them, '
            'joined')
    if args.features and len(args.features) != outs:
        raise UserError(
            f'--features is there {len(args.features)} times for {outs} '
            '--out: give it once for each, in their order, or leave it out')
    priors = build_parts(cfg, args.prior, args.weights, args.image_size)
    return [join(priors)] if outs == 1 else priors


def build_parts(cfg: Config, specs: list[str], weights: list[str] | None,
                sizes: list[int] | None) -> list[Prior]:
    """The priors of the arguments, each by itself.

    Args:
        cfg: The training config.
        specs: One ``--prior`` or more.
        weights: ``--weights``, none or one for each prior.
        sizes: ``--image-size``, in the same way.
    """
    for option, given in (('weights', weights), ('image-size', sizes)):
        if given and len(given) != len(specs):
            raise UserError(
                f'--{option} is there {len(given)} times for {len(specs)} '
                '--prior: give it once for each, in their order, or write '
                ',weights=FILE and ,size=S behind the priors')
    none = [None] * len(specs)
    return [build_prior(*each, cfg) for each in zip(
        specs, weights or none, sizes or none)]


def check_model(cfg: Config) -> None:
    """Refuse now a model that training would refuse for its host or head."""
    with misspelt(cfg.filename):
        MODELS.build(deepcopy(cfg.model))


def write_ids(dataset: RelaTargetDataset, file: Path) -> str:
    """Write the ids of all images, in their order, for ``file:`` priors."""
    ids = [*dataset.sample_ids()]
    if processes.rank_and_size()[0] == 0:
        feature_file.write_ids(file, ids)
    return f'{file}: ids of {len(ids)} images, one a line'


def verify(images: PriorImages, out: Path, count: int,
           views: int | None) -> str:
    """Compare a finished store with its prior.

    Args:
        images, count: See :func:`verify_store`.
        out: The store.
        views: What it must have of each image, unless any number will do.
    """
    store = TargetStore.open(out)
    cosine = verify_store(
        store, replace(images, views=views or store.views), count)
    count = min(count, store.usable)
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
    there = ''
    if features.is_dir():
        size = sum(f.stat().st_size for f in features.glob('*.npy')) / 1e6
        there = (f' {features} ({size:.0f} MB) may be removed; it makes '
                 'another --dim or --normalize without reading images.')
    return (f'{store.directory}: {store.usable} targets of {store.dim} '
            f'components{of_views(store)} from {made.prior["name"]}, '
            f'{made.pca["variance_kept"]:.1%} of the variance; features '
            f'took {made.feature_seconds} s, PCA {made.pca_seconds} s.'
            f'{left_out}{there}')
