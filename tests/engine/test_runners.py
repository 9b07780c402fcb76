"""A config's runner is honoured, or refused by name."""
import pytest
from hosts import small_config
from mmengine.registry import RUNNERS
from mmengine.runner import FlexibleRunner, Runner

from mmrela.engine.runners import build_runner
from mmrela.errors import UserError


@pytest.fixture
def cfg(cifar_root, tmp_path):
    return small_config('BYOL', cifar_root, tmp_path / 'work')


@pytest.fixture
def own_runner():

    class OwnRunner(Runner):
        """One that only this test knows, registered for a while."""

    RUNNERS.register_module(module=OwnRunner)
    yield OwnRunner
    RUNNERS.module_dict.pop('OwnRunner')


@pytest.mark.parametrize('name', [None, 'Runner', 'OwnRunner'])
def test_runner_type_names_the_class(name, cfg, own_runner):
    if name:
        cfg.runner_type = name
    expected = own_runner if name == 'OwnRunner' else Runner
    assert type(build_runner(cfg)) is expected


def test_a_plain_host_may_have_any_runner(cfg):
    cfg.runner_type = 'FlexibleRunner'
    del cfg.default_hooks['rela']
    assert type(build_runner(cfg)) is FlexibleRunner


@pytest.mark.parametrize('changes, sentence', [
    (dict(strategy=dict(type='DeepSpeedStrategy')),
     'Runner would ignore strategy: remove it'),
    (dict(runner_type='FlexibleRunner',
          strategy=dict(type='DeepSpeedStrategy')),
     'not FlexibleRunner: remove runner_type and strategy'),
    (dict(runner_type=FlexibleRunner), 'not FlexibleRunner'),
    (dict(model_wrapper_cfg=dict(type='MMFullyShardedDataParallel')),
     'not MMFullyShardedDataParallel: set model_wrapper_cfg.type='),
    (dict(model_wrapper_cfg=dict(type='MMSeparateDistributedDataParallel')),
     'not MMSeparateDistributedDataParallel'),
    (dict(model_wrapper_cfg=dict(type='MMDistributedDataParalel')),
     'not MMDistributedDataParalel: set model_wrapper_cfg.type=')])
def test_what_rela_cannot_train_under_is_refused(changes, sentence, cfg):
    cfg.merge_from_dict(changes)
    with pytest.raises(UserError, match=sentence):
        build_runner(cfg)
