"""What DDP is told and asked, on two ranks: one launch for all cases."""
import re

import pytest
import torch
from forked import run_ranks
from hosts import hand_over_after, small_config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmrela.engine import cpu_ranks
from mmrela.errors import UserError

SWITCH, TOTAL = 4, 8  # batches
STATIC = dict(static_graph=True, broadcast_buffers=False)
ACCUMULATED = dict(optim_wrapper__accumulative_counts=2,
                   **hand_over_after(SWITCH // 2, TOTAL // 2))
WAYS = dict(
    search=dict(find_unused_parameters=True),
    told=dict(find_unused_parameters=False),
    static=dict(model_wrapper_cfg=dict(STATIC)),
    checkpointed=dict(model_wrapper_cfg=dict(STATIC),
                      model__backbone__with_cp=True))
REFUSED = dict(
    checkpointed_search=(dict(model__backbone__with_cp=True),
                         'static_graph=True'),
    other=(dict(model_wrapper_cfg=dict(type='DataParallel')),
           'not DataParallel: set model_wrapper_cfg.type'),
    static_accumulated=(dict(model_wrapper_cfg=dict(STATIC), **ACCUMULATED),
                        'accumulative_counts=1'),
    freezing=(dict(host='DINO', find_unused_parameters=False),
              'freeze_last_layer .*find_unused_parameters=True'))


class Snapshots(Hook):
    """Parameters before the first batch of each stage, and at the end."""

    def __init__(self):
        self.taken = {}

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        is_rela = 'rela_target' in data_batch['data_samples'][0]
        self._take(runner, 'rela' if is_rela else 'host')

    def after_train(self, runner):
        self._take(runner, 'end')

    def _take(self, runner, name):
        self.taken.setdefault(name, (runner.iter, {
            k: v.detach().clone()
            for k, v in runner.model.module.named_parameters()}))


def train(cfg):
    """What a rank saw, or the sentence that refused it."""
    cfg.launcher = 'pytorch'
    cpu_ranks.init_cpu_ranks(cfg)
    runner, snapshots = Runner.from_cfg(cfg), Snapshots()
    runner.register_hook(snapshots)
    try:
        runner.train()
    except UserError as e:
        assert runner.iter == 0
        return str(e)
    return snapshots.taken


@pytest.fixture(scope='module')
def seen(cifar_root, tmp_path_factory):
    """Case -> what each rank's :func:`train` returned."""
    root = tmp_path_factory.mktemp('wrappers')
    options = dict(
        train_cfg__max_epochs=1, train_dataloader__batch_size=4,
        default_hooks__checkpoint__interval=9,
        custom_hooks=[dict(type='EMAHook')],
        optim_wrapper=dict(
            _delete_=True, type='OptimWrapper', accumulative_counts=1,
            clip_grad=dict(max_norm=1.),
            optimizer=dict(type='SGD', lr=0.1, momentum=0.9,
                           weight_decay=0.1)),
        **hand_over_after(SWITCH, TOTAL))
    cases = {**WAYS, 'accumulated': ACCUMULATED,
             **{case: way for case, (way, _) in REFUSED.items()}}
    configs = {}
    for case, way in cases.items():
        settings = {**options, 'host': 'BYOL', **way}
        configs[case] = small_config(
            settings.pop('host'), cifar_root, root / case,
            experiment_name=case, **settings)

    def work(rank):
        torch.save({case: train(cfg) for case, cfg in configs.items()},
                   root / f'{rank}.pth')

    codes, said = run_ranks(work, 2, root)
    assert codes == [0, 0], said
    ranks = [torch.load(root / f'{rank}.pth') for rank in range(2)]
    return {case: [rank[case] for rank in ranks] for case in cases}


def same(ours, theirs, prefix=''):
    return all(torch.equal(value, theirs[name])
               for name, value in ours.items() if name.startswith(prefix))


@pytest.mark.parametrize('way', WAYS)
def test_hands_over_to_the_same_weights(way, seen):
    expected = seen['search'][0]
    for taken in seen[way]:
        for stage, (step, parameters) in expected.items():
            assert taken[stage][0] == step
            assert same(parameters, taken[stage][1]), stage


@pytest.mark.parametrize('way', [*WAYS, 'accumulated'])
def test_idle_parameters_do_not_move(way, seen):
    """Weight decay and momentum act on gradients of zero, not on none."""
    (start, first), (switch, middle), (end, last) = (
        seen[way][0][stage] for stage in ('rela', 'host', 'end'))
    assert (start, switch, end) == (0, SWITCH, TOTAL)
    for prefix in ('neck', 'head'):
        assert same(first, middle, prefix) and not same(middle, last, prefix)
    assert same(middle, last, 'rela_head')
    assert not same(first, middle, 'rela_head')


@pytest.mark.parametrize('case', REFUSED)
def test_refused_before_the_first_step(case, seen):
    for sentence in seen[case]:
        assert re.search(REFUSED[case][1], sentence)
