"""The prior's pass over the images, beside the prior alone."""
from __future__ import annotations

import torch
from mmengine.config import Config
from torch import Tensor

from mmrela.config.images import build_dataset
from mmrela.features.extract import batches_of, extract
from mmrela.features.images import images_of
from mmrela.priors import Prior, build_prior

from .plan import Plan, Ratio

PASS, BARE = "gen_targets.py's pass", 'forward loop over tensors in memory'


def plan(cfg: Config, spelling: str) -> Plan:
    """Decoding and preprocessing included, and without.

    Args:
        cfg: A leaf; its training images are looked at, which must fit in
            memory, preprocessed for the prior.
        spelling: The prior, as ``gen_targets.py --prior`` takes it.

    Raises:
        UserError: of the prior, or the images cannot be read.
    """
    prior = build_prior(spelling, None, None, cfg)
    images = images_of(cfg, build_dataset(cfg).dataset, prior)
    tensors = [torch.stack([images[i] for i in batch])
               for batch in batches_of(range(len(images)))]
    cases = {
        PASS: lambda: [some for some, _ in extract(images, title=None)],
        BARE: lambda: bare(prior, tensors)}
    return Plan(
        f'{prior.name} on {len(images)} images, {images.workers} decoding '
        'workers',
        cases, [Ratio(f'images/s of {PASS} / of a {BARE}', BARE, PASS)],
        len(images), 1)


@torch.inference_mode()
def bare(prior: Prior, batches: list[Tensor]) -> list[Tensor]:
    """Features of images that are there already, (n, 3, H, W) each."""
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    model = prior.model.to(device)
    return [model(batch.to(device)).float().cpu() for batch in batches]
