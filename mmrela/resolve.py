"""What entries of a config mean."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def resolve(kind: str | type | None,
            registry: Any) -> Callable[..., Any] | None:
    """The class that ``kind`` stands for.

    Args:
        kind: A name in the registry, a dotted path, or a class, as configs
            in Python's own syntax have it; ``None`` stands for nothing.
        registry: mmengine's ``Registry``.

    Returns:
        The class (a function if one is registered), ``None`` if the
        registry has no such name.
    """
    return registry.get(kind) if isinstance(kind, str) else kind


def pipelines(dataset: dict) -> Iterator[list]:
    """Of a data set, or of those that it wraps."""
    if 'pipeline' in dataset:
        yield dataset['pipeline']
    for part in (dataset.get('dataset'), *(dataset.get('datasets') or [])):
        if isinstance(part, dict):
            yield from pipelines(part)
