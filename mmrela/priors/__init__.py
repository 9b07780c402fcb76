"""Prior models, by one spelling each (paper, section 4.1)."""
from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import UserError, said
from ..spelling import meant
from .base import Prior
from .feature_file import load_stored
from .joined import PLUS, JoinedPrior
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

__all__ = ['PRIORS', 'JoinedPrior', 'Prior', 'build_prior', 'join',
           'list_priors', 'load_student']


def build_prior(spec: str,
                weights: str | None = None,
                image_size: int | None = None,
                cfg: dict | None = None) -> Prior:
    """Build a prior model from its spelling.

    Args:
        spec: ``KIND:NAME``, see :func:`list_priors`; ``,weights=FILE`` and
            ``,size=S`` may follow, instead of the next two arguments.
            Several are joined by `` + ``.
        weights: A file; ``'none'`` for random ones; ``None`` for those of
            the library that the model comes from.
        image_size: Side of the square that the model sees, in pixels;
            ``None`` for its own.
        cfg: The training config, for ``random``.

    Raises:
        UserError: the spelling or the file is wrong, or the loader fails.
    """
    specs = _parts(spec)
    if len(specs) > 1:
        if weights is not None or image_size is not None:
            raise UserError(f'--prior {spec} are several: write ,weights=FILE '
                            'and ,size=S behind each')
        return join([build_prior(each, cfg=cfg) for each in specs])
    spec, given = _split(spec)
    for key, value in (('weights', weights), ('size', image_size)):
        if value is not None and given.setdefault(key, value) != value:
            raise UserError(f'--prior {spec} has two values for {key}: '
                            f'{given[key]} and {value}')
    kind, _, name = spec.partition(':')
    if kind not in PRIORS:
        near = meant(kind, PRIORS, 'a prior of kind ')
        raise UserError(f'--prior {spec}: no such prior{near}; take '
                        'torchvision:NAME or random[:SEED], or another of '
                        'tools/gen_targets.py --list-priors; for one of '
                        'yours, name its module in custom_imports of the '
                        'config')
    size = given.get('size')
    if size is not None and size < 1:
        raise UserError(f'--image-size must be positive, got {size}')
    return _load(spec, PRIORS[kind], name, given.get('weights'), size, cfg)


def join(priors: Sequence[Prior]) -> Prior:
    """One prior of several, or the only one itself."""
    return JoinedPrior(priors) if len(priors) > 1 else priors[0]


def _load(spec: str, load: Callable[..., Prior], *args: object) -> Prior:
    """What a loader returns, or one sentence of what it raised."""
    title = f'--prior {spec}: {getattr(load, "__name__", load)}'
    try:
        prior = load(*args)
    except UserError:
        raise
    except Exception as e:  # it may be anybody's code
        raise UserError(f'{title} of {load.__module__} failed ({said(e)}): '
                        'mend it, or take another prior') from e
    if not isinstance(prior, Prior):
        raise UserError(f'{title} must return a Prior, not a '
                        f'{type(prior).__name__}')
    return prior


def _parts(spec: str) -> list[str]:
    """The spellings that are joined; other pluses belong to a name."""
    first, *others = spec.split(PLUS)
    parts = [first]
    for text in others:
        if re.split('[:,]', text)[0] in PRIORS:
            parts.append(text)
        else:
            parts[-1] += PLUS + text
    return parts


def _split(spec: str) -> tuple[str, dict[str, Any]]:
    """A spelling without its ``,key=value`` parts, and these."""
    given: dict[str, Any] = {}
    while True:
        head, _, last = spec.rpartition(',')
        key, equals, value = last.partition('=')
        if not (head and equals and key in ('weights', 'size')):
            return spec, given
        if key == 'size':
            if not value.isdecimal():
                raise UserError(f'--prior {spec}: size must be a whole '
                                f'number, got {value!r}')
        given[key] = int(value) if key == 'size' else value
        spec = head


def list_priors() -> str:
    """What each kind of prior is, with licence and size, for a terminal."""
    texts = [inspect.getdoc(load) or kind
             for kind, load in sorted(PRIORS.items())]
    return '\n\n'.join(texts).replace('``', '')
