"""The features that RELA trains: of whole images, one vector for each."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from mmpretrain.models.selfsup import CAE, MFF, SparK
from torch import Tensor, nn

from ..errors import UserError, said
from .eval_mode import eval_mode
from .pooling import pool_features
from .unmasked import unmasked

SAME = 1e-3  # kernels that round otherwise each time differ by less
Features = Callable[[nn.Module, Tensor], Tensor]


def features_of(host: type[nn.Module]) -> Features:
    """How the features of a host are made.

    A host declares it by a method ``rela_features(inputs)``, from one view,
    (N, C, H, W), to floats, (N, d). Else it is what ``extract_feat``
    returns, pooled, or for some hosts of mmpretrain an entry of ``HOSTS``;
    a subclass that overrides ``extract_feat`` has the last word.

    Args:
        host: The class.

    Returns:
        A function of the model and one view.
    """
    kind: Any  # with ``rela_features``, or without
    for kind in host.__mro__:
        if 'rela_features' in vars(kind):
            return kind.rela_features
        if kind in HOSTS:
            return HOSTS[kind]
        if 'extract_feat' in vars(kind):
            break
    return _extracted


def checked_features(model: nn.Module, views: list[Tensor]) -> int:
    """Width of a model's features, after a look at those of some views.

    Args:
        model: Has ``rela_features``; its weights, modes and random states
            stay as they are.
        views: Each (N, C, H, W), preprocessed.

    Raises:
        UserError: they are no finite floats (N, d), or others each time.
    """
    with torch.no_grad(), eval_mode(model):
        for view in views:
            first, again = (_made(model, view) for _ in range(2))
            if not isinstance(first, Tensor):
                raise refused(model, f'they are a {type(first).__name__}')
            if first.shape[:-1] != (len(view), ) or not (
                    first.is_floating_point()):
                raise refused(
                    model, f'they are {first.dtype} of {[*first.shape]}')
            if not first.isfinite().all():
                raise refused(model, 'they are not finite')
            if again.shape != first.shape or (
                    (first - again).norm() > SAME * first.norm()):
                raise refused(model, 'they are others each time')
    return first.shape[1]


def host_name(model: nn.Module) -> str:
    """What ``model.host`` calls a model's algorithm."""
    return type(model).__name__.removeprefix('Rela')


def refused(model: nn.Module, what: str) -> UserError:
    """Says why a host's features do not do, and what does.

    Args:
        what: Of the features, such as 'they are not finite'.
    """
    host = host_name(model)
    return UserError(
        f"model.host={host} does not go with RELA's stage, which needs its "
        f'features of whole images, floats (N, d), and {what}: let {host} '
        'define rela_features(inputs), or take another host')


def _made(model: nn.Module, view: Tensor) -> Tensor:
    try:
        return model.rela_features(view)
    except Exception as e:  # whatever a host's own code may raise
        raise refused(model, f'making them failed ({said(e)})') from e


def _extracted(model: nn.Module, inputs: Tensor) -> Tensor:
    return pool_features(model.extract_feat(inputs), model.backbone)


def _whole(model: nn.Module, inputs: Tensor) -> Tensor:
    return pool_features(unmasked(model.backbone, inputs))


def _followed(model: nn.Module, inputs: Tensor) -> Tensor:
    """CAE's teacher is its backbone of the step before, RELA's included."""
    if model.training:
        with torch.no_grad():
            for teacher, student in zip(model.teacher.parameters(),
                                        model.backbone.parameters()):
                teacher.copy_(student)
    return _extracted(model, inputs)


# Whose `extract_feat` hides a part of the images, or is not enough.
HOSTS: dict[type[nn.Module], Features] = {
    MFF: _whole, SparK: _whole, CAE: _followed}
