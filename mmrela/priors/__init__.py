"""Prior models, by one spelling each (paper, section 4.1)."""
from __future__ import annotations

from ..errors import UserError
from .base import Prior
from .student import load_random, load_student
from .torchvision import load_torchvision

# What stands before the colon -> loader(name, weights, image_size, cfg).
PRIORS = dict(random=load_random, torchvision=load_torchvision)

__all__ = ['PRIORS', 'Prior', 'build_prior', 'load_student']


def build_prior(spec: str,
                weights: str | None = None,
                image_size: int | None = None,
                cfg: dict | None = None) -> Prior:
    """Build a prior model from its spelling.

    Args:
        spec: ``torchvision:NAME``, or ``random`` with an optional
            ``:SEED`` for the student's own backbone, untrained.
        weights: A file; ``'none'`` for random ones; ``None`` for those of
            the library that the model comes from.
        image_size: Side of the square that the model sees, in pixels;
            ``None`` for its own.
        cfg: The training config, for ``random``.

    Raises:
        UserError: the spelling or the file is wrong.
    """
    kind, _, name = spec.partition(':')
    if kind not in PRIORS:
        raise UserError(f'--prior {spec}: no such prior; take '
                        'torchvision:NAME or random[:SEED]')
    if image_size is not None and image_size < 1:
        raise UserError(f'--image-size must be positive, got {image_size}')
    return PRIORS[kind](name, weights, image_size, cfg)
