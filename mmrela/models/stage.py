"""What a batch says of its stage, for model and preprocessor."""
from __future__ import annotations

from mmpretrain.models.utils import (
    SelfSupDataPreprocessor,
    TwoNormDataPreprocessor,
)
from mmpretrain.registry import MODELS
from torch import nn

from ..errors import UserError
from ..resolve import resolve


def is_rela(data_samples: list | None) -> bool:
    """Whether a batch is of the RELA stage, which its samples tell."""
    return bool(data_samples) and 'rela_target' in data_samples[0]


class FirstNormDataPreprocessor(TwoNormDataPreprocessor):
    """Keeps the tokenizer's mean and std from RELA's views.

    The host's batches hold each image twice: as the backbone sees it, and
    as the tokenizer of its own targets does. RELA's hold views alone.
    """

    def forward(self, data: dict, training: bool = False) -> dict:
        """Normalise ``inputs``; see mmpretrain's ``forward``."""
        samples = data.get('data_samples')
        if len(data['inputs']) > 1 and not is_rela(samples):
            return super().forward(data, training)
        return SelfSupDataPreprocessor.forward(self, data, training)


def staged(preprocessor: dict | nn.Module | None) -> object:
    """A model's ``data_preprocessor``, fit for both stages.

    Args:
        preprocessor: As configs have it; most stay as they are.

    Raises:
        UserError: it has two norms, in a way of its own.
    """
    kind = resolve(preprocessor.get('type'), MODELS) if isinstance(
        preprocessor, dict) else type(preprocessor)
    if not (isinstance(kind, type) and issubclass(
            kind, TwoNormDataPreprocessor)) or issubclass(
            kind, FirstNormDataPreprocessor):
        return preprocessor
    if kind is TwoNormDataPreprocessor and isinstance(preprocessor, dict):
        return dict(preprocessor, type=FirstNormDataPreprocessor)
    raise UserError(
        f'model.data_preprocessor.type={kind.__name__} has a second mean and '
        "std, which RELA's views must not get: derive it from "
        'mmrela.models.stage.FirstNormDataPreprocessor')
