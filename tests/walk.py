"""Finds what source code imports, and what of that a rule forbids."""
from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


def sources(*folders: str) -> dict[str, str]:
    """Code by dotted name; a package's ends in ``.__init__``."""
    files = [file for folder in folders
             for file in sorted((ROOT / folder).rglob('*.py'))]
    return {'.'.join(file.relative_to(ROOT).with_suffix('').parts):
            file.read_text('utf-8') for file in files}


def nodes(tree: ast.AST, lazy: bool) -> Iterator[ast.AST]:
    """All nodes; those within functions only if ``lazy``."""
    for node in ast.iter_child_nodes(tree):
        yield node
        if lazy or not isinstance(
                node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield from nodes(node, lazy)


def imports(module: str, source: str, lazy: bool = True) -> Iterator[str]:
    """Full names of all that a module's source imports.

    Args:
        module: Its dotted name, to resolve relative imports.
        source: Python code.
        lazy: With what is imported inside of functions.
    """
    for node in nodes(ast.parse(source), lazy):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = module.split('.')[:-node.level] if node.level else []
            base = '.'.join(parents + [node.module] * bool(node.module))
            yield from (f'{base}.{alias.name}' for alias in node.names)


def inside(name: str, modules: Iterable[str]) -> bool:
    """Whether ``name`` is one of the modules or within one."""
    return any(f'{name}.'.startswith(f'{module}.') for module in modules)


@dataclass
class Rule:
    """What some modules may import.

    Args:
        where: The modules, or packages of them.
        allowed: All that they may import; ``None`` for everything.
        forbidden: What they may not import, even if it is allowed.
        lazy: Whether that holds inside of functions, too.
        among: Imports that the rule is about; ``None`` for all.
    """
    where: Iterable[str]
    allowed: Iterable[str] | None = None
    forbidden: Iterable[str] = ()
    lazy: bool = True
    among: Iterable[str] | None = None

    def offenders(self, code: dict[str, str]) -> list[str]:
        """``module imports name`` for each import against the rule."""
        return [f'{module} imports {name}' for module, source in code.items()
                if inside(module, self.where)
                for name in imports(module, source, self.lazy)
                if self._forbids(name)]

    def _forbids(self, name: str) -> bool:
        if self.among is not None and not inside(name, self.among):
            return False
        allowed = self.allowed is None or inside(name, self.allowed)
        return not allowed or inside(name, self.forbidden)
