"""What a config's ``type`` means: a name, or the class itself."""
from __future__ import annotations


def resolve(kind: str | type, registry) -> type | None:
    """The class that ``kind`` stands for.

    Args:
        kind: A name in the registry, a dotted path, or a class, as configs
            in Python's own syntax have it.
        registry: mmengine's ``Registry``.

    Returns:
        The class (a function if one is registered), ``None`` if the
        registry has no such name.
    """
    return registry.get(kind) if isinstance(kind, str) else kind
