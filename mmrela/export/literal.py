"""Configs as data."""
from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmpretrain.registry import MODELS, TRANSFORMS
from torch import nn

from ..errors import UserError
from ..resolve import resolve


def literal(text: str, file: Path) -> dict:
    """The entries of a config that mmengine wrote, without running it.

    A checkpoint may come from anybody, and a config is a program.

    Args:
        text: Assignments of numbers, strings, lists and ``dict(…)``.
        file: For the message.

    Raises:
        UserError: anything else stands there.
    """
    try:
        lines: list[Any] = ast.parse(text).body
        return {line.targets[0].id: _value(line.value) for line in lines}
    except (SyntaxError, ValueError, TypeError, AttributeError) as e:
        raise UserError(f'the config in {file} holds more than literals '
                        f'({e}): pass --config') from e


def _value(node: Any) -> Any:
    if isinstance(node, ast.Call) and isinstance(
            node.func, ast.Name) and node.func.id == 'dict':
        found = dict(*map(_value, node.args))
        for each in node.keywords:  # a nameless one is **{…}
            value = _value(each.value)
            found |= value if each.arg is None else {each.arg: value}
        return found
    if isinstance(node, ast.Dict):
        return {_value(key): _value(value)
                for key, value in zip(node.keys, node.values)}
    if isinstance(node, (ast.List, ast.Tuple)):
        parts = [_value(each) for each in node.elts]
        return parts if isinstance(node, ast.List) else tuple(parts)
    return ast.literal_eval(node)


def require_networks(cfg: dict, file: Path) -> None:
    """Refuse types in a config of anybody's that would run something.

    mmengine calls what a dotted type names, ``os.system`` as well. Of such a
    config, the backbone and the ``Load…`` transforms are built.

    Args:
        cfg: See :func:`literal`.
        file: For the message.

    Raises:
        UserError: names the type.
    """
    for kind in _types(cfg.get('model', {}).get('backbone')):
        found = _found(kind, MODELS)
        if found is None and '.' not in kind:
            continue  # nobody can call it
        if not (isinstance(found, type) and issubclass(found, nn.Module)):
            raise UserError(f'type={kind!r} of the backbone in {file} is no '
                            'network: pass --config')
    for kind in _types(cfg.get('train_dataloader')):
        if '.' in kind and kind.rpartition('.')[2].startswith('Load') and (
                not isinstance(_found(kind, TRANSFORMS), type)):
            raise UserError(f'type={kind!r} of train_dataloader in {file} is '
                            'no transform: pass --config')


def _types(entry: object) -> Iterator[str]:
    """All ``type=``; an ``init_cfg`` is not carried out."""
    if isinstance(entry, dict):
        if isinstance(entry.get('type'), str):
            yield entry['type']
        entry = [part for key, part in entry.items() if key != 'init_cfg']
    for part in entry if isinstance(entry, (list, tuple)) else ():
        yield from _types(part)


def _found(kind: str, registry: Any) -> object:
    try:
        return resolve(kind, registry)
    except RuntimeError:  # mmengine's, of what it cannot import
        return None
