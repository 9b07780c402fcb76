"""Each way to a faster step: through the hand-over, resumed, to the bit."""
from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import recorder as shared
import torch
from hosts import hand_over_after, small_config
from mmengine.optim.optimizer import amp_optimizer_wrapper
from old_torch import needs_fused
from recorder import Recorder
from torch._dynamo.utils import counters

SWITCH, TOTAL = 6, 12  # steps: 3 epochs of 4
CHANNELS_LAST = dict(default_hooks__layout=dict(type='ChannelsLastHook'))
FUSED = dict(optim_wrapper__optimizer__fused=True)
BF16 = dict(optim_wrapper__type='AmpOptimWrapper',
            optim_wrapper__dtype='bfloat16')


class Watch(Recorder):
    """Dtypes of convolutions, and dynamo's graphs per step, too."""

    def __init__(self, double):
        super().__init__()
        self.convolutions, self.graphs, self.double = set(), [], double

    def before_run(self, runner):
        if self.double:
            runner.model.double().data_preprocessor.register_forward_hook(
                lambda module, x, batch: dict(
                    batch, inputs=[v.double() for v in batch['inputs']]))

    def before_train(self, runner):
        if not runner.cfg.get('compile'):  # dynamo would trace the hook
            runner.model.backbone.conv1.register_forward_hook(
                lambda module, x, y: self.convolutions.add(y.dtype))

    def after_train_iter(self, runner, batch_idx, data_batch, outputs):
        super().after_train_iter(runner, batch_idx, data_batch, outputs)
        self.graphs.append(counters['stats']['unique_graphs'])


def train(cifar_root, work_dir, resume=None, double=True, **options):
    """Loss of each step, last weights, and what was watched.

    In float64 ways to sum differ by 1e-16, which flips no ReLU.

    Adam's step is g/|g| at first, the sign of noise where g is 0; a large ε
    keeps runs together that differ by rounding alone.
    """
    cfg = small_config(
        'BYOL', cifar_root, work_dir, train_cfg__max_epochs=3,
        train_dataloader__batch_size=16, optim_wrapper__optimizer__eps=1e-2,
        param_scheduler=dict(type='LinearLR', by_epoch=False, end=TOTAL),
        load_from=resume and str(resume), resume=bool(resume),
        **hand_over_after(SWITCH, TOTAL), **options)
    _, watch = shared.train(cfg, Watch(double))
    log, = work_dir.glob('*/vis_data/scalars.json')
    losses = [json.loads(line)['loss'] for line in log.open()]
    file = torch.load(work_dir / 'epoch_3.pth', weights_only=True)
    return np.array(losses), file['state_dict'], watch


def train_and_resume(cifar_root, root, **options):
    """As ``train``; a resume after epoch 1 must end in the same weights."""
    whole = train(cifar_root, root / 'whole', **options)
    resumed = train(cifar_root, root / 'part', root / 'whole/epoch_1.pth',
                    **options)
    assert (whole[0][4:] == resumed[0]).all()
    assert all(torch.equal(value, resumed[1][name])
               for name, value in whole[1].items())
    assert whole[2].stages == ['rela'] * SWITCH + ['host'] * (TOTAL - SWITCH)
    return whole


@pytest.fixture(scope='module')
def plain_dir(tmp_path_factory):
    return tmp_path_factory.mktemp('plain') / 'whole'


@pytest.fixture(scope='module')
def plain(cifar_root, plain_dir):
    return train(cifar_root, plain_dir)[0]


def assert_rounding(losses, plain):
    """Another order of summation; another learning rate differs by 1e-3."""
    np.testing.assert_allclose(losses, plain, atol=1e-6)


@pytest.mark.parametrize('options', [
    pytest.param(CHANNELS_LAST, id='layout'),
    pytest.param(FUSED, id='fused', marks=needs_fused)])
def test_layout_and_fused(options, cifar_root, tmp_path, plain):
    losses, weights, _ = train_and_resume(cifar_root, tmp_path, **options)
    assert_rounding(losses, plain)
    last = weights['backbone.layer1.0.conv1.weight'].is_contiguous(
        memory_format=torch.channels_last)
    assert last == ('default_hooks__layout' in options)


@needs_fused
def test_a_plain_run_may_go_on_with_both(cifar_root, tmp_path, plain,
                                         plain_dir):
    losses, *_ = train(cifar_root, tmp_path / 'part',
                       plain_dir / 'epoch_1.pth', **CHANNELS_LAST, **FUSED)
    assert_rounding(np.concatenate([plain[:4], losses]), plain)


@pytest.fixture
def dynamo():
    torch._dynamo.reset()
    counters.clear()
    yield
    torch._dynamo.reset()


def assert_one_compilation_a_stage(graphs):
    assert graphs[0] > 0
    assert graphs[0] == graphs[SWITCH - 1] < graphs[SWITCH] == graphs[-1]
    assert not any('recompile' in x for x in counters['unimplemented'])


def test_compile(dynamo, cifar_root, tmp_path, plain):
    losses, _, watch = train_and_resume(
        cifar_root, tmp_path, compile=dict(backend='eager'))
    assert_one_compilation_a_stage(watch.graphs)
    assert (losses == plain).all()


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which('g++'), reason='needs a compiler')
def test_compile_by_inductor(dynamo, cifar_root, tmp_path, plain):
    losses, _, watch = train_and_resume(cifar_root, tmp_path, compile=True,
                                        **CHANNELS_LAST, **FUSED)
    assert_one_compilation_a_stage(watch.graphs)
    assert_rounding(losses, plain)


def test_bfloat16(cifar_root, tmp_path, monkeypatch):
    """mmengine asks for a GPU, but its autocast does without."""
    plain = train(cifar_root, tmp_path / 'plain', double=False)[0]
    monkeypatch.setattr(amp_optimizer_wrapper, 'is_cuda_available',
                        lambda: True)
    losses, weights, watch = train_and_resume(
        cifar_root, tmp_path, double=False, **BF16)
    assert watch.convolutions == {torch.bfloat16}
    assert {loss['rela_loss'] for loss in watch.dtypes[:SWITCH]} == {
        torch.float32}
    averaged = weights['target_net.module.0.conv1.weight']
    assert averaged.dtype == torch.float32
    assert (averaged != averaged.bfloat16()).float().mean() > 0.9
    # 8 bits of mantissa; the host's first loss is of a head as it was drawn.
    assert np.abs(losses - plain).max() < 0.2
    assert np.corrcoef(losses, plain)[0, 1] > 0.99
