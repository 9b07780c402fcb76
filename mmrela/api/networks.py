"""Networks and features, as export_backbone.py and embed.py give them."""
from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import numpy as np
from mmengine.config import Config
from torch import nn

from ..config.images import build_dataset
from ..config.load import load_config
from ..datasets.folder import images_below
from ..export import run
from ..export.source import Source
from ..features.everything import everything
from ..features.images import images_of
from ..priors.either import either
from .unlogged import unlogged

PathLike: TypeAlias = str | Path
Configured: TypeAlias = str | Path | Config


def load_backbone(config: Configured | None, checkpoint: PathLike,
                  image_size: int | None = None) -> nn.Module:
    """The backbone of a checkpoint, as a network of torch.

    Args:
        config: That of the training; ``None`` for the one that is in the
            checkpoint, or beside it.
        checkpoint: Its file.
        image_size: Side of the square to which ``preprocess`` resizes and
            crops, in pixels; ``None`` leaves images at their own size.

    Returns:
        Maps images (n, 3, H, W), normalised as in the training, to pooled
        features (n, d), both float32. It is on the CPU and in eval mode, and
        can be trained. Its ``preprocess`` makes (3, H, W) of an RGB image of
        Pillow, its ``backbone`` is mmpretrain's own.
    """
    source = Source(Path(checkpoint), config, image_size)
    model = source.features.requires_grad_(True)
    model.preprocess = source.prior.preprocess
    return model


def export_backbone(config: Configured | None, checkpoint: PathLike, to: str,
                    out: PathLike | None = None,
                    image_size: int | None = None) -> run.Exported:
    """The backbone of a checkpoint for another library.

    Its features are compared with ours before, to 1e-5 of the largest.

    Args:
        config: As for :func:`load_backbone`.
        checkpoint: Its file.
        to: ``torchvision``, ``timm``, ``mmpretrain``, ``safetensors`` or,
            with ``out``, ``onnx``.
        out: A file to write; with ``timm`` a folder for the Hugging Face
            hub, if it ends in ``/``. ``None`` for none.
        image_size: Side of the images that are compared, in pixels;
            ``None`` for the backbone's own, or 224.

    Returns:
        ``network``, its name there; ``state``, its weights under the names
        there; ``code``, Python that builds it.
    """
    return run.export(Source(Path(checkpoint), config, image_size), to,
                      None if out is None else str(out))


def embed(config: Configured, checkpoint: PathLike | None = None,
          images: PathLike | None = None, *, prior: str | None = None,
          image_size: int | None = None, skip: bool = False
          ) -> tuple[np.ndarray, list[str]]:
    """Features of images, by a checkpoint or a prior.

    Args:
        config: That of the training.
        checkpoint: Its file.
        images: A folder, at any depth; ``None`` for the training's images.
        prior: One instead of the checkpoint, as ``torchvision:resnet50``.
        image_size: Side of the square to which images are resized and
            cropped, in pixels; ``None`` for the prior's own, or of a
            checkpoint for images as they are.
        skip: Whether to leave out images that cannot be read.

    Returns:
        Features (n, d) float32, and the id of each row's image: its path
        below its folder, or index and hash of its pixels.
    """
    cfg = load_config(config, rela=images is None)
    dataset = (images_below(images) if images is not None
               else build_dataset(cfg).dataset)
    with unlogged():
        network = either(cfg, checkpoint, prior, image_size=image_size)
    seen = images_of(cfg, dataset, network, skip, asking='skip=True')
    features, rows = everything(seen)
    ids = [*seen.ids()]
    return features.numpy(), [ids[row] for row in rows]
