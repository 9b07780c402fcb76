"""Run a prior model once over a config's images and store its targets."""
from __future__ import annotations

import argparse
from pathlib import Path

from mmengine.config import Config

from _lib.cli import positive, run
from _lib.config import add_config_arguments, load_config
from _lib.images import SPELLING, add_list_priors, build_dataset
from mmrela import processes as ranks
from mmrela.errors import UserError
from mmrela.features.images import PriorImages, images_of
from mmrela.generation.dry_run import estimate
from mmrela.generation.generate import generate
from mmrela.generation.verify import verify_store
from mmrela.pca import NORMALIZATIONS
from mmrela.priors import build_prior
from mmrela.targets import TargetStore


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_config_arguments(parser)
    parser.add_argument(
        '--prior', required=True, metavar='P',
        help=f'{SPELLING}, see --list-priors')
    add_list_priors(parser)
    parser.add_argument(
        '--weights', metavar='FILE|none',
        help="the prior's weights (default: its library's)")
    parser.add_argument(
        '--image-size', type=int, metavar='S',
        help='side of the square that the prior sees (default: its own)')
    parser.add_argument(
        '--amp', choices=['bf16', 'fp16'],
        help='let the prior compute in half precision where it may')
    parser.add_argument(
        '--dim', type=int, metavar='K',
        help='components (default: model.rela_head.out_channels)')
    parser.add_argument(
        '--normalize', choices=NORMALIZATIONS,
        help='scaling of the components (default: whiten with --prior '
        'random, center otherwise)')
    parser.add_argument(
        '--dtype', choices=['float16', 'float32'], default='float16')
    parser.add_argument(
        '--out', metavar='DIR',
        help='default: train_dataloader.dataset.targets')
    parser.add_argument(
        '--features', metavar='DIR',
        help='where features go, and come from if they are there already '
        '(default: OUT/features)')
    parser.add_argument(
        '--on-bad-image', choices=['stop', 'skip'], default='stop',
        help='stop at an unreadable image, or leave it out (default: stop)')
    parser.add_argument(
        '--verify', type=positive, metavar='M',
        help='only recompute M random targets of a finished store')
    parser.add_argument(
        '--dry-run', action='store_true',
        help='only tell sizes, time and disk, measured on a few batches')
    parser.add_argument(
        '--launcher', choices=['none', 'pytorch', 'slurm'], default='none',
        help='torchrun (pytorch) or srun (slurm) started several processes')
    return parser.parse_args()


def head_width(cfg: Config) -> int:
    """Components that the config's head predicts.

    Raises:
        UserError: the config does not tell.
    """
    head = cfg.model.get('rela_head', {})
    width = (head.get('out_channels') or head.get('in_channels')
             or (cfg.model.get('neck') or {}).get('in_channels'))
    if not width:
        raise UserError('neither --dim nor model.rela_head.out_channels says '
                        'how many components to keep')
    return width


def verify(images: PriorImages, directory: str, count: int) -> str:
    """Compare a finished store with its prior; what to tell the user."""
    store = TargetStore.open(directory)
    cosine = verify_store(store, images, count)
    return (f'{directory}: {min(count, len(store))} targets recomputed, '
            f'smallest cosine {cosine:.5f}')


def summary(store: TargetStore, features: Path) -> str:
    """What was generated, in a sentence or two."""
    made = store.manifest
    left_out = ''
    if store.skipped:
        left_out = (f' {len(store.skipped)} unreadable images are left out '
                    'and listed in meta.json.')
    size = sum(f.stat().st_size for f in features.glob('*.npy')) / 1e6
    return (f'{store.directory}: {len(store)} targets of {store.dim} '
            f'components from {made.prior["name"]}, '
            f'{made.pca["variance_kept"]:.1%} of the variance; features '
            f'took {made.feature_seconds} s, PCA {made.pca_seconds} s.'
            f'{left_out} {features} ({size:.0f} MB) may be removed; it makes '
            'another --dim or --normalize without reading images.')


def main() -> None:
    args = parse_args()
    ranks.start(args.launcher)
    cfg = load_config(args)
    prior = build_prior(args.prior, args.weights, args.image_size, cfg)
    prior.amp = args.amp
    dataset = build_dataset(cfg)
    if dataset.prior not in (None, prior.name):
        raise UserError(f'train_dataloader.dataset.prior expects '
                        f'{dataset.prior}; the name of --prior {args.prior} '
                        f'is {prior.name}')
    images = images_of(cfg, dataset.dataset, prior,
                       skip=args.on_bad_image == 'skip')
    out = args.out or dataset.targets
    if args.verify is not None:
        print(verify(images, out, args.verify))
        return
    dim = head_width(cfg) if args.dim is None else args.dim
    rank, size = ranks.rank_and_size()
    if args.dry_run:
        if rank == 0:
            print(estimate(images, Path(out), dim, args.dtype, size))
        return
    features = Path(args.features or Path(out) / 'features')
    store = generate(images, out, dim, args.normalize, args.dtype, features)
    if rank == 0:
        print(summary(store, features))


if __name__ == '__main__':
    run(main)
