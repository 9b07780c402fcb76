"""What a batch says of its stage, for model and preprocessor."""
from __future__ import annotations

from mmpretrain.models import ImageClassifier
from mmpretrain.models.utils import (
    ClsDataPreprocessor,
    SelfSupDataPreprocessor,
    TwoNormDataPreprocessor,
)
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from ..errors import UserError
from ..resolve import resolve


def is_rela(data_samples: list | None) -> bool:
    """Whether a batch is of the RELA stage, which its samples tell."""
    return 'rela_target' in data_samples[0] if data_samples else False


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


class ViewsClsDataPreprocessor(ClsDataPreprocessor):
    """Takes RELA's views, too; mixes images and labels in the host's alone.

    The host's batches hold one image a sample, with its label.
    """

    def forward(self, data: dict, training: bool = False) -> dict:
        """Normalise ``inputs``; see mmpretrain's ``forward``."""
        samples = data.get('data_samples')
        if not is_rela(samples):
            return super().forward(data, training)
        views = data['inputs']
        views = [views] if isinstance(views, Tensor) else views
        return dict(data_samples=samples, inputs=[
            super(ViewsClsDataPreprocessor, self).forward(
                dict(inputs=view))['inputs'] for view in views])


# mmpretrain's -> one for both stages, and why RELA cannot take another.
_FOR_BOTH = {
    TwoNormDataPreprocessor: (
        FirstNormDataPreprocessor,
        "has a second mean and std, which RELA's views must not get"),
    ClsDataPreprocessor: (
        ViewsClsDataPreprocessor, "may not know RELA's views")}


def staged(preprocessor: dict | nn.Module | None,
           host: type[nn.Module]) -> object:
    """A model's ``data_preprocessor``, fit for both stages.

    Args:
        preprocessor: As configs have it; most stay as they are.
        host: The model's class, whose default stands where none is named.

    Raises:
        UserError: it does more than mmpretrain's, in a way of its own.
    """
    if issubclass(host, ImageClassifier):
        preprocessor = {} if preprocessor is None else preprocessor
        if isinstance(preprocessor, dict):
            preprocessor = dict(type=ClsDataPreprocessor) | preprocessor
    kind = resolve(preprocessor.get('type'), MODELS) if isinstance(
        preprocessor, dict) else type(preprocessor)
    for theirs, (ours, why) in _FOR_BOTH.items():
        if not isinstance(kind, type) or not issubclass(kind, theirs) or (
                issubclass(kind, ours)):
            continue
        if kind is theirs and isinstance(preprocessor, dict):
            return dict(preprocessor, type=ours)
        raise UserError(
            f'model.data_preprocessor.type={kind.__name__} {why}: derive it '
            f'from {ours.__module__}.{ours.__name__}')
    return preprocessor
