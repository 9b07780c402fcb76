"""Who may import whom."""
from __future__ import annotations

import os
import sys

from walk import ROOT, Rule, imports, inside, sources

COMMANDS = {file.stem for file in (ROOT / 'tools').glob('[!_]*.py')}
# Room -> rooms that it may import, beside itself and ENTRANCE. Each stands
# below those that it names, so no arrow points back.
ENTRANCE = ('errors', 'resolve', 'rng', 'spelling')
ROOMS = dict(
    home='',
    version='',
    spelling='',
    __main__='home version',
    errors='',
    rng='',
    resolve='',
    pca='',
    schedule='',
    meeting='',
    processes='meeting',
    files='',
    models='',
    targets='files pca',
    measures='targets',
    pictures='',
    datasets='pictures targets files',
    batched='pictures datasets',
    priors='pictures models.pooling models.unmasked files',
    features='priors pictures datasets processes',
    generation='features priors pictures datasets targets files pca processes',
    engine='features priors measures pictures datasets batched models files '
    'schedule processes meeting',
    config='home pictures datasets targets engine',
    evaluation='config features priors measures pictures processes',
    export='config priors models files engine')
DOORS = {'__init__', 'registry', 'api'}  # of all rooms
CORE = {*ENTRANCE, 'version', 'pca', 'schedule', 'meeting', 'processes',
        'targets', 'measures'}
LIBRARIES = {'mmrela', 'numpy', 'torch', *sys.stdlib_module_names}


def mmrela(*rooms: str) -> set[str]:
    return {f'mmrela.{room}' for room in rooms}


ARROWS = {room: Rule(
    mmrela(room), among={'mmrela'},
    allowed=mmrela(room, *ENTRANCE, *others.split()))
    for room, others in ROOMS.items()}
CORE_ALONE = Rule(mmrela(*CORE), LIBRARIES)
# Who downloads nothing, or uses another prior, may lack these libraries.
# torch itself needs filelock.
LAZY_FILES = Rule(mmrela('files'), {*LIBRARIES, 'filelock'}, lazy=False)
LAZY_PRIORS = Rule(mmrela('priors'), {*LIBRARIES, 'PIL'}, lazy=False)
# Hosts know nothing of RELA: they could stand in mmpretrain.
HOSTS = Rule(mmrela('models.selfsup'), mmrela('models.selfsup') | {
    'mmengine', 'mmpretrain', *LIBRARIES} - {'mmrela'})
NO_TOOLS = Rule({'mmrela'}, forbidden={
    'tools', '_lib', '_build', '_launch', *COMMANDS})
# What two commands share stands in tools/_lib.
NO_COMMANDS = Rule({'tools'}, forbidden={
    *COMMANDS, *(f'tools.{name}' for name in COMMANDS)})
# mmcv-lite, which has none, is enough for all of mmrela.
NO_OPERATORS = Rule({'mmrela', 'tools'}, forbidden={'mmcv.ops'})


def test_walk_finds_imports():
    source = ('import a.b as c, d\nfrom e import f\nfrom . import g\n'
              'from ..h import i\ntry:\n    import k\nexcept E:\n    pass\n'
              'def j():\n    from mmcv import ops\n')
    found = ['a.b', 'd', 'e.f', 'mmrela.x.g', 'mmrela.h.i', 'k', 'mmcv.ops']
    assert list(imports('mmrela.x.y', source)) == found
    assert list(imports('mmrela.x.y', source, lazy=False)) == found[:-1]
    assert inside('mmcv.ops.nms', ['mmcv.ops'])
    assert not inside('mmcv.ops_extra', ['mmcv.ops'])


def test_each_rule_tells_what_breaks_it():
    for rule, module, source, name in [
        (ARROWS['targets'], 'mmrela.targets.store',
         'from ..measures import a', 'mmrela.measures.a'),
        (ARROWS['priors'], 'mmrela.priors.base', 'from ..models import rela',
         'mmrela.models.rela'),
        (ARROWS['priors'], 'mmrela.priors.base', 'import mmrela', 'mmrela'),
        (ARROWS['engine'], 'mmrela.engine.hooks.a',
         'def f():\n    from ... import registry', 'mmrela.registry'),
        (CORE_ALONE, 'mmrela.pca', 'def f():\n    import mmcv', 'mmcv'),
        (LAZY_FILES, 'mmrela.files.weights', 'import timm', 'timm'),
        (LAZY_PRIORS, 'mmrela.priors.timm', 'import timm', 'timm'),
        (HOSTS, 'mmrela.models.selfsup.dino', 'from ...errors import E',
         'mmrela.errors.E'),
        (NO_TOOLS, 'mmrela.engine.a', 'import train', 'train'),
        (NO_TOOLS, 'mmrela.engine.a', 'from _lib.cli import run',
         '_lib.cli.run'),
        (NO_COMMANDS, 'tools._lib.cli', 'import train', 'train'),
        (NO_COMMANDS, 'tools.benchmark', 'from train import main',
         'train.main'),
        (NO_OPERATORS, 'tools.train', 'from mmcv import ops', 'mmcv.ops'),
    ]:
        assert rule.offenders({module: source}) == [
            f'{module} imports {name}']


def test_rules_leave_alone_what_they_allow():
    lazy = 'def f():\n    import timm'
    for rule, module, source in [
        (ARROWS['priors'], 'mmrela.priors.base',
         'import timm\nfrom . import a\nfrom ..errors import b\n'
         'from ..models.pooling import c'),
        (CORE_ALONE, 'mmrela.engine.compat', 'import mmengine'),
        (LAZY_FILES, 'mmrela.files.weights', lazy),
        (LAZY_PRIORS, 'mmrela.priors.timm', lazy),
        (NO_COMMANDS, 'tools.train', 'from _lib.cli import run'),
    ]:
        assert rule.offenders({module: source}) == []


def test_no_import_goes_against_the_arrows():
    code, above = sources('mmrela'), set()
    for room, others in ROOMS.items():
        assert {other.split('.')[0] for other in others.split()} <= above
        above.add(room)
        assert ARROWS[room].offenders(code) == []
    assert {module.split('.')[1] for module in code} - DOORS == above


def test_the_core_needs_numpy_and_torch_alone():
    for rule in CORE_ALONE, LAZY_FILES:
        assert rule.offenders(sources('mmrela')) == []


def test_priors_import_their_libraries_lazily():
    assert LAZY_PRIORS.offenders(sources('mmrela')) == []


def test_hosts_are_plain_mmpretrain():
    assert HOSTS.offenders(sources('mmrela')) == []


def test_nobody_imports_tools():
    assert NO_TOOLS.offenders(sources('mmrela')) == []


def test_no_tool_imports_another():
    assert NO_COMMANDS.offenders(sources('tools')) == []


def test_nothing_needs_compiled_operators():
    assert NO_OPERATORS.offenders(sources('mmrela', 'tools')) == []


def test_walk_reaches_every_file():
    seen = [name for folder in ('mmrela', 'tools')
            for _, _, names in os.walk(ROOT / folder) for name in names]
    code = sources('mmrela', 'tools')
    assert len(code) == sum(name.endswith('.py') for name in seen)
    assert len(COMMANDS) > 5
