"""A network of the user's own, or a prior."""
from __future__ import annotations

from pathlib import Path

from ..errors import UserError
from . import Prior, build_prior, load_student


def either(cfg: dict, checkpoint: str | Path | None, prior: str | None,
           weights: str | None = None, image_size: int | None = None
           ) -> Prior:
    """The backbone of a checkpoint, or a prior; exactly one is named.

    Args:
        cfg: The config that the checkpoint was made with.
        checkpoint: Its file.
        prior: Its spelling, see :func:`~mmrela.priors.build_prior`.
        weights: Of the prior, as there.
        image_size: Side of the square to which images are resized and
            cropped, in pixels; ``None`` for the prior's own, or of a
            checkpoint for images as they are.

    Raises:
        UserError: both are named, or none, or it cannot be built.
    """
    if (checkpoint is None) == (prior is None):
        raise UserError('name either a checkpoint or a prior')
    if prior is not None:
        return build_prior(prior, weights, image_size, cfg)
    if 'backbone' not in cfg.get('model', {}):
        raise UserError(f'the config of {checkpoint} has no model.backbone: '
                        'name the config that it was trained with')
    return load_student(str(checkpoint), image_size, cfg)
