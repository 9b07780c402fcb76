"""Several priors that look at the same images."""
from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..pictures.rgb import Sample
from .base import Prior, check_features

PLUS = ' + '  # between the spellings of the parts


class JoinedPrior(Prior):
    """Features of several priors beside each other, (n, Σ d).

    Each part sees an image as its own preprocessing leaves it. PCA whitens
    the features of each part before it joins them, see ``widths`` of
    :meth:`~mmrela.pca.BatchPCA.fit`.

    Args:
        parts: The priors, two or more.
    """

    def __init__(self, parts: Sequence[Prior]) -> None:
        super().__init__(
            PLUS.join(part.name for part in parts), _Beside(parts), None,
            PLUS.join(part.preprocessing for part in parts))
        self.parts = parts

    @property
    def widths(self) -> tuple[int, ...] | None:
        """Features of each part; ``None`` before the first image."""
        return self.model.widths

    def input_of(self, sample: Sample) -> tuple[Tensor, ...]:
        """What each part sees of a sample, which is read once."""
        return tuple(part.input_of(sample) for part in self.parts)

    def weights_hash(self) -> str:
        """Hash of the parts' hashes."""
        hashes = ''.join(part.weights_hash() for part in self.parts)
        return hashlib.blake2b(hashes.encode(), digest_size=16).hexdigest()


class _Beside(nn.Module):
    def __init__(self, parts: Sequence[Prior]) -> None:
        super().__init__()
        self.models = nn.ModuleList(part.model for part in parts)
        self.names = [part.name for part in parts]
        self.widths: tuple[int, ...] | None = None

    def forward(self, inputs: Sequence[Tensor]) -> Tensor:
        """What the parts see, (n, 3, H, W) each, to features (n, Σ d)."""
        found = [check_features(model(x), len(x), name) for model, x, name
                 in zip(self.models, inputs, self.names)]
        self.widths = tuple(part.shape[1] for part in found)
        return torch.cat([part.float() for part in found], 1)
