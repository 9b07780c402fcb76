"""Who may import whom, and what configs may hold (design.md)."""
from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mmengine.config import Config

ROOT = Path(__file__).parents[1]
PACKAGE = sorted((ROOT / 'mmrela').rglob('*.py'))
TOOLS = sorted((ROOT / 'tools').glob('*.py'))
CONFIGS = sorted((ROOT / 'configs').rglob('*.py'))
LEAVES = sorted((ROOT / 'configs').glob('*.py'))
CORE = ('blocks', 'errors', 'guards', 'manifest', 'pca', 'ranking', 'ranks',
        'schedule', 'similarity', 'stopwatch', 'targets', 'writing')
LIBRARIES = {'numpy', 'torch', *sys.stdlib_module_names}


def imports(source: str, module: str,
            top_level: bool = False) -> Iterator[str]:
    """Full names of all that a module's source imports.

    Args:
        source: Python code.
        module: Its dotted name, ``mmrela.x`` (a package's with
            ``.__init__``), to resolve relative imports.
        top_level: Leave out what stands inside of functions.
    """
    tree = ast.parse(source)
    for node in tree.body if top_level else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = module.split('.')[:-node.level] if node.level else []
            base = '.'.join(parents + [node.module] * bool(node.module))
            yield from (f'{base}.{alias.name}' for alias in node.names)


def imports_of(file: Path, **kwargs) -> list[str]:
    module = '.'.join(file.relative_to(ROOT).with_suffix('').parts)
    return list(imports(file.read_text('utf-8'), module, **kwargs))


def inside(name: str, modules) -> bool:
    """Whether ``name`` is one of the modules or within one."""
    return any(f'{name}.'.startswith(f'{module}.') for module in modules)


def relative(file: Path) -> str:
    return str(file.relative_to(ROOT))


def test_walk_finds_imports():
    source = ('import a.b as c, d\nfrom e import f\nfrom . import g\n'
              'from ..h import i\ndef j():\n    from mmcv import ops\n')
    found = ['a.b', 'd', 'e.f', 'mmrela.x.g', 'mmrela.h.i', 'mmcv.ops']
    assert list(imports(source, 'mmrela.x.y')) == found
    assert list(imports(source, 'mmrela.x.y', top_level=True)) == found[:-1]
    assert inside('mmcv.ops.nms', ['mmcv.ops'])
    assert not inside('mmcv.ops_extra', ['mmcv.ops'])


@pytest.mark.parametrize('name', CORE)
def test_core_needs_neither_mm_nor_adapters(name):
    allowed = {*LIBRARIES, *(f'mmrela.{core}' for core in CORE)}
    found = imports_of(ROOT / 'mmrela' / f'{name}.py')
    assert [n for n in found if not inside(n, allowed)] == []


@pytest.mark.parametrize('file', PACKAGE + TOOLS, ids=relative)
def test_nothing_needs_compiled_operators(file):
    """mmcv-lite, which has none, is enough for all of mmrela."""
    assert [n for n in imports_of(file) if inside(n, ['mmcv.ops'])] == []


@pytest.mark.parametrize('file', PACKAGE, ids=relative)
def test_nobody_imports_tools(file):
    tools = ['tools', *(tool.stem for tool in TOOLS)]
    assert [n for n in imports_of(file) if inside(n, tools)] == []


@pytest.mark.parametrize(
    'file', sorted((ROOT / 'mmrela' / 'priors').glob('*.py')), ids=relative)
def test_priors_import_their_libraries_lazily(file):
    allowed = {*LIBRARIES, 'PIL', 'mmrela'}
    found = imports_of(file, top_level=True)
    assert [n for n in found if not inside(n, allowed)] == []


@pytest.mark.parametrize(
    'file', sorted((ROOT / 'mmrela' / 'hosts').glob('*.py')), ids=relative)
def test_hosts_are_plain_mmpretrain(file):
    allowed = {*LIBRARIES, 'mmengine', 'mmpretrain', 'mmrela.models.selfsup'}
    assert [n for n in imports_of(file) if not inside(n, allowed)] == []


def test_walk_reaches_every_file():
    assert len(PACKAGE) > 20 and len(TOOLS) > 5
    seen = [name for folder in ('mmrela', 'configs')
            for _, _, names in os.walk(ROOT / folder) for name in names]
    assert len(PACKAGE) + len(CONFIGS) == sum(
        name.endswith('.py') for name in seen)
    assert len(LEAVES) >= 3 and len(CONFIGS) - len(LEAVES) >= 6


@pytest.mark.parametrize('file', CONFIGS, ids=relative)
def test_config_loads(file):
    assert len(Config.fromfile(file)) > 0


@pytest.mark.parametrize('file', LEAVES, ids=relative)
def test_leaf_is_short_and_complete(file):
    assert len(file.read_text().splitlines()) <= 10
    cfg = Config.fromfile(file)
    assert cfg.model.type == 'Rela' and cfg.model.host
    assert cfg.train_dataloader.dataset.type in (
        'RelaTargetDataset', 'DeviceRelaTargetDataset')
    assert cfg.train_dataloader.sampler.type == 'RelaSampler'
    assert cfg.default_hooks.rela.type == 'AdaptiveLambdaHook'
    assert cfg.find_unused_parameters is True
