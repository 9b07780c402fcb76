"""A distilled data set, from the arguments of ``distill.py``."""
from __future__ import annotations

import argparse
from pathlib import Path

from mmengine.config import Config

from mmrela.config.images import build_dataset, head_width, own_labels
from mmrela.errors import UserError
from mmrela.features.images import images_of
from mmrela.generation.choose import choose
from mmrela.generation.distill import distill, require_own
from mmrela.generation.generate import generate
from mmrela.priors import build_prior
from mmrela.priors.joined import PLUS


def carry_out(cfg: Config, args: argparse.Namespace) -> str:
    """Distil; what to tell.

    Targets of all images, which the PCA is of, are made where the config
    has them, unless they are there already.

    Raises:
        UserError: of the prior, the images, or a data set that is there.
    """
    require_own(Path(args.out))
    prior = build_prior(args.prior, args.weights, args.image_size, cfg)
    _require_looking(prior.name)
    dataset = build_dataset(cfg)
    images = images_of(cfg, dataset.dataset, prior)
    labels = own_labels(images.dataset, range(len(images)))
    if labels is None:
        raise UserError(f'{args.config}: the images of '
                        'train_dataloader.dataset have no labels, or several '
                        'each: name a data set with one class an image')
    store = generate(images, dataset.targets, args.dim or head_width(cfg),
                     args.normalize)
    pieces = choose(images, labels, store.skipped, args.ipc, args.select,
                    args.seed)
    names = images.dataset.metainfo.get('classes') or [
        str(label) for label in range(int(labels.max()) + 1)]
    made = distill(images, store, pieces, names, args.out)
    out = Path(args.out)
    soft = (f'{out}/soft_labels, logits' if prior.head is not None
            else f'no soft labels, since {prior.name} is no classifier')
    return (f'{out}/train: {len(made)} images of {len(names)} classes; '
            f'{out}/targets, {store.dim} components; {soft}')


def _require_looking(name: str) -> None:
    """Refuse features by sample id: those of distilled images have none.

    Raises:
        UserError: a prior is of this kind.
    """
    for part in name.split(PLUS):
        if part.startswith('file:'):
            raise UserError(f'--prior {part} does not look at images, as '
                            'those that are chosen need: take one that does')
