"""Types and keys that a config may have meant."""
from __future__ import annotations

import inspect
from collections.abc import Iterator
from traceback import walk_tb

from mmpretrain import registry

from ..spelling import meant

# mmengine's functions -> which of their variables holds the class.
_BUILDERS = dict(build_from_cfg='obj_cls', build_runner_from_cfg='runner_cls')


def name_meant(error: Exception) -> str:
    """A question for a type or key that a registry refused, or nothing.

    Args:
        error: That of building an entry of a config.
    """
    message = str(error.args[0])
    name, is_type, rest = message.partition(' is not in the ')
    if is_type:
        wanted = rest.partition(' registry')[0].rpartition('::')[2]
        return meant(name, sorted({*_types(wanted)}))
    _, is_key, rest = message.partition("unexpected keyword argument '")
    # What was built within others may have got their keys, too.
    known = {key for kind in _being_built(error) for key in _keys(kind)}
    wrong = rest.partition("'")[0]  # which another of them may know
    return meant(wrong, sorted((known | {'type'}) - {wrong})) if (
        is_key) else ''


def _types(name: str) -> Iterator[str]:
    """What is in the registries of that name."""
    for each in vars(registry).values():
        if isinstance(each, registry.Registry) and each.name == name:
            yield from each.module_dict
            yield from each.parent.module_dict if each.parent else ()


def _being_built(error: Exception) -> Iterator[object]:
    refusing = str(error.args[0]).partition('.__init__()')[0]
    for frame, _ in walk_tb(error.__traceback__):
        yield frame.f_globals.get(refusing)  # without a registry
        if frame.f_code.co_name == 'build_from_cfg':
            yield frame.f_locals.get('obj_cls')
        elif frame.f_code.co_name == '__init__' and 'self' in frame.f_locals:
            yield type(frame.f_locals['self'])


def _keys(kind: object) -> Iterator[str]:
    """Keywords of a function, or of a class and its bases."""
    for part in kind.__mro__ if isinstance(kind, type) else [kind]:
        init = vars(part).get('__init__') if isinstance(part, type) else part
        if inspect.isfunction(init):
            yield from (name for name, parameter in inspect.signature(
                init).parameters.items() if name != 'self'
                and parameter.kind not in (parameter.VAR_KEYWORD,
                                           parameter.VAR_POSITIONAL))


def being_built(error: Exception) -> tuple[str, str] | None:
    """What a registry was building, innermost, and its plain settings.

    Returns:
        Its name, and `` with key=value, …`` or nothing; ``None`` if no
        registry was.
    """
    found = None
    for frame, _ in walk_tb(error.__traceback__):
        kind = frame.f_locals.get(_BUILDERS.get(frame.f_code.co_name, ''))
        if kind is not None:
            given = frame.f_locals.get('args') or {}
            found = getattr(kind, '__name__', str(kind)), given
    if not found:
        return None
    settings = ', '.join(f'{key}={value!r}' for key, value in found[1].items()
                         if isinstance(value, (int, float, str))
                         and found[0] != 'Runner')
    return found[0], f' with {settings}' * bool(settings)
