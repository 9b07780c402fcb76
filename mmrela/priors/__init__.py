"""Prior models, by one spelling each (paper, section 4.1)."""
from __future__ import annotations

import inspect

from ..errors import UserError
from .base import Prior
from .feature_file import load_stored
from .mmpretrain import load_mmpretrain
from .open_clip import load_open_clip
from .own_backbone import load_checkpoint, load_random, load_student
from .timm import load_timm
from .torchvision import load_torchvision

# What stands before the colon -> loader(name, weights, image_size, cfg).
# The loader's docstring is what `gen_targets.py --list-priors` prints.
# It raises UserError for a name, weights or a size that it cannot take.
PRIORS = dict(
    checkpoint=load_checkpoint, file=load_stored, mmpretrain=load_mmpretrain,
    open_clip=load_open_clip, random=load_random, timm=load_timm,
    torchvision=load_torchvision)

__all__ = ['PRIORS', 'Prior', 'build_prior', 'list_priors', 'load_student']


def build_prior(spec: str,
                weights: str | None = None,
                image_size: int | None = None,
                cfg: dict | None = None) -> Prior:
    """Build a prior model from its spelling.

    Args:
        spec: ``KIND:NAME``, see :func:`list_priors`; ``,weights=FILE`` and
            ``,size=S`` may follow, instead of the next two arguments.
        weights: A file; ``'none'`` for random ones; ``None`` for those of
            the library that the model comes from.
        image_size: Side of the square that the model sees, in pixels;
            ``None`` for its own.
        cfg: The training config, for ``random``.

    Raises:
        UserError: the spelling or the file is wrong.
    """
    spec, said = _split(spec)
    for key, value in (('weights', weights), ('size', image_size)):
        if value is not None and said.setdefault(key, value) != value:
            raise UserError(f'--prior {spec} has two values for {key}: '
                            f'{said[key]} and {value}')
    kind, _, name = spec.partition(':')
    if kind not in PRIORS:
        raise UserError(f'--prior {spec}: no such prior; take '
                        'torchvision:NAME or random[:SEED], or another of '
                        'tools/gen_targets.py --list-priors')
    size = said.get('size')
    if size is not None and size < 1:
        raise UserError(f'--image-size must be positive, got {size}')
    return PRIORS[kind](name, said.get('weights'), size, cfg)


def _split(spec: str) -> tuple[str, dict]:
    """A spelling without its ``,key=value`` parts, and these."""
    said = {}
    while True:
        head, _, last = spec.rpartition(',')
        key, equals, value = last.partition('=')
        if not (head and equals and key in ('weights', 'size')):
            return spec, said
        if key == 'size':
            if not value.isdecimal():
                raise UserError(f'--prior {spec}: size must be a whole '
                                f'number, got {value!r}')
            value = int(value)
        said[key], spec = value, head


def list_priors() -> str:
    """What each kind of prior is, with licence and size, for a terminal."""
    texts = [inspect.getdoc(load) or kind
             for kind, load in sorted(PRIORS.items())]
    return '\n\n'.join(texts).replace('``', '')
