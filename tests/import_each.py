"""Imports from a clean process: import_each.py core|components prints JSON.

What is slow is imported once; each case is a fork of that process.
"""
from __future__ import annotations

import json
import os
import sys
import traceback
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

LEAF = Path(__file__).parents[1] / 'configs' / 'byol_rela_r18_cifar10.py'


class Absent:
    """Finds no such modules, as if they were not installed."""

    def __init__(self, *names: str, message: str = 'absent') -> None:
        self.names, self.message = names, message

    def find_spec(self, name, *args):
        if name.partition('.')[0] in self.names:
            raise ModuleNotFoundError(self.message, name=self.message)


def without_openmmlab() -> None:
    sys.meta_path.insert(0, Absent(
        'mmengine', 'mmcv', 'mmpretrain', 'cv2', 'torchvision', 'PIL',
        'scipy', 'timm', 'open_clip', 'safetensors', 'matplotlib'))


def the_package_needs_nothing() -> None:
    import mmrela
    assert not {'torch', 'numpy'} & {*sys.modules}
    assert mmrela.__version__
    assert {'RelaHead', '__version__', '__all__'} < {*dir(mmrela)}


def the_core_needs_torch_and_numpy() -> None:
    import mmrela.files.downloads
    import mmrela.files.weights
    import mmrela.measures.neighbours
    import mmrela.measures.regression
    import mmrela.measures.spectra
    import mmrela.processes
    import mmrela.rng  # noqa: F401
    from mmrela.pca import BatchPCA
    from mmrela.schedule import AdaptiveLambda
    from mmrela.targets import TargetStore
    assert AdaptiveLambda().lam == 1 and BatchPCA().count == 0
    assert callable(TargetStore.open)


def the_readmes_own_trainer_hands_over() -> None:
    readme = (LEAF.parents[1] / 'tools/README.md').read_text()
    section = readme.partition('## In your own trainer\n')[2]
    code = section.partition('```python\n')[2].partition('```')[0]
    with TemporaryDirectory() as folder:
        os.chdir(folder)
        found: dict = {}
        exec(code, found)
    assert found['rule'].lam == 0
    assert len(found['store']) == 512 and found['store'].dim == 32


def an_unknown_name_is_an_attribute_error() -> None:
    import mmrela
    assert not hasattr(mmrela, 'nothing')


def answer(mmcv: Absent) -> ModuleNotFoundError:
    sys.meta_path.insert(0, mmcv)
    import mmrela
    try:
        return mmrela.RelaHead
    except ModuleNotFoundError as e:
        return e


def without_mmcv_one_sentence_says_so() -> None:
    error = answer(Absent('mmcv', message='mmcv'))
    assert str(error).startswith('mmrela needs mmcv: ')
    assert error.name == 'mmcv'


def what_mmcv_lacks_is_named() -> None:
    assert str(answer(Absent('mmcv', message='addict'))) == 'addict'


def with_mmpretrain() -> None:
    import mmpretrain.datasets
    import mmpretrain.models  # noqa: F401


def the_core_where_mmpretrain_is_absent() -> None:
    sys.modules['mmpretrain'] = None  # as if it were not installed
    import mmrela.pca  # noqa: F401


def registered() -> None:
    from mmpretrain.registry import MODELS
    head = MODELS.build(dict(type='RelaHead', in_channels=3, out_channels=2))
    import mmrela
    assert type(head) is mmrela.RelaHead


@contextmanager
def mmengine_as(module: ModuleType | None):
    """Another mmengine, or none, for a while; nothing registers then."""
    whole = sys.modules.pop('mmengine')
    if module:
        sys.modules['mmengine'] = module
    yield
    sys.modules['mmengine'] = whole
    from mmpretrain.registry import MODELS
    assert 'RelaHead' not in MODELS.module_dict


def where_mmengine_is_in_use() -> None:
    import mmrela  # noqa: F401
    registered()


def by_a_part_where_mmengine_is_in_use() -> None:
    import mmrela.pca  # noqa: F401
    registered()


def by_custom_imports_of_the_package() -> None:
    from mmengine.utils import import_modules_from_strings
    import_modules_from_strings(['mmrela'], allow_failed_imports=False)
    registered()


def by_a_leaf() -> None:
    from mmengine.config import Config
    Config.fromfile(LEAF)
    registered()


def by_a_leaf_after_the_package() -> None:
    with mmengine_as(None):
        import mmrela  # noqa: F401
    by_a_leaf()


def by_an_attribute() -> None:
    with mmengine_as(None):
        import mmrela
    assert mmrela.OnlineKNNHook
    registered()


def by_a_call() -> None:
    with mmengine_as(None):
        import mmrela
    assert all(callable(getattr(mmrela, name)) for name in mmrela.CALLS)
    registered()
    assert not {'_lib', 'matplotlib', 'open_clip', 'timm'} & {*sys.modules}


def by_a_name_that_is_imported() -> None:
    with mmengine_as(None):
        import mmrela  # noqa: F401
    from mmrela import VICReg
    assert VICReg
    registered()


def later_where_mmengine_is_half_imported() -> None:
    with mmengine_as(ModuleType('mmengine')):
        import mmrela.pca
    assert mmrela.Rela
    registered()


def by_a_scope() -> None:
    from mmpretrain.registry import MODELS
    assert 'mmrela' not in sys.modules
    assert MODELS.build(dict(
        type='mmrela.RelaHead', in_channels=3, out_channels=2))
    registered()


def by_a_scope_after_the_package() -> None:
    with mmengine_as(None):
        import mmrela
    from mmpretrain.registry import MODELS
    assert MODELS.get('mmrela.Rela') is mmrela.Rela
    registered()


def under_every_public_name() -> None:
    from mmengine.registry import DATA_SAMPLERS, HOOKS
    from mmpretrain.registry import DATASETS, MODELS, TRANSFORMS

    import mmrela
    kinds = (DATA_SAMPLERS, HOOKS, DATASETS, MODELS, TRANSFORMS)
    for name in {*mmrela.__all__} - mmrela.CALLS - {
            '__version__', 'accelerate', 'RELA'}:
        assert getattr(mmrela, name) in [kind.get(name) for kind in kinds]


def with_nothing_else_changed() -> None:
    import mmcv
    from mmengine.fileio import FileClient
    from mmengine.fileio.backends import backends, prefix_to_backends
    from mmengine.model import BaseAveragedModel, BaseDataPreprocessor
    from mmengine.optim import OptimWrapper
    from mmengine.runner import CheckpointLoader
    dicts = [backends, prefix_to_backends, CheckpointLoader._schemes,
             FileClient._backends, *map(vars, (
                 mmcv, mmcv.image.photometric, BaseAveragedModel, FileClient,
                 BaseDataPreprocessor, OptimWrapper))]
    before = [dict(d) for d in dicts]
    import mmrela.registry  # noqa: F401
    for old, new in zip(before, dicts):
        assert {key: new[key] for key in old} == old
    registered()


CASES = dict(
    core=(without_openmmlab, [
        the_package_needs_nothing, the_core_needs_torch_and_numpy,
        the_readmes_own_trainer_hands_over,
        an_unknown_name_is_an_attribute_error,
        without_mmcv_one_sentence_says_so, what_mmcv_lacks_is_named]),
    components=(with_mmpretrain, [
        the_core_where_mmpretrain_is_absent,
        where_mmengine_is_in_use, by_a_part_where_mmengine_is_in_use,
        by_custom_imports_of_the_package, by_a_leaf,
        by_a_leaf_after_the_package, by_an_attribute, by_a_call,
        by_a_name_that_is_imported, later_where_mmengine_is_half_imported,
        by_a_scope, by_a_scope_after_the_package, under_every_public_name,
        with_nothing_else_changed]))


def in_a_fork(case) -> str:
    """What it raised, or nothing."""
    read, write = os.pipe()
    if not os.fork():
        try:
            case()
        except BaseException:
            os.write(write, traceback.format_exc().encode()[-9000:])
        os._exit(0)
    os.close(write)
    os.wait()
    with open(read) as f:
        return f.read()


if __name__ == '__main__':
    prepare, cases = CASES[sys.argv[1]]
    prepare()
    print('RESULTS', json.dumps(
        {case.__name__: in_a_fork(case) for case in cases}))
