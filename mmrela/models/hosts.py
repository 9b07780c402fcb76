"""What can be a host: what trains a backbone by a loss of its own."""
from __future__ import annotations

from typing import TypeGuard

from mmpretrain.models import ImageClassifier
from mmpretrain.models.selfsup import BaseSelfSupervisor

KINDS = (BaseSelfSupervisor, ImageClassifier)
SAID = 'a subclass of BaseSelfSupervisor or of ImageClassifier'


def is_host(kind: object) -> TypeGuard[type]:
    """Whether RELA can be put around it.

    A host has a ``backbone``, ``extract_feat`` and a ``loss`` of a batch
    of its own kind: views for self-supervised algorithms, images with
    labels for classifiers.

    Args:
        kind: What a registry has under ``model.host``.
    """
    return isinstance(kind, type) and issubclass(kind, KINDS)
