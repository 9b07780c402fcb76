"""Configs as data."""
from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from ..errors import UserError


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
