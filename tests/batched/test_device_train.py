"""Training on device-resident data: hand-over, resume, number of views."""
from __future__ import annotations

import pytest
import recorder
import torch
from hosts import HOSTS, hand_over_after, small_config

TOTAL, SWITCH = 8, 3  # steps: two epochs of four


@pytest.fixture
def train(cifar_root, tmp_path, monkeypatch):
    """Train under a name; each step's stage and views, and the weights."""
    monkeypatch.setitem(HOSTS, 'device', (
        'byol_rela_r18_cifar10_device.py', HOSTS['BYOL'][1]))

    def run(name: str, host: str = 'device', **options):
        cfg = small_config(
            host, cifar_root, tmp_path / name, train_cfg__max_epochs=2,
            train_dataloader__dataset__indices=32,
            **{**hand_over_after(SWITCH, TOTAL), **options})
        _, seen = recorder.train(cfg)
        return [*zip(seen.stages, map(len, seen.sides))], torch.load(
            tmp_path / name / 'epoch_2.pth', weights_only=True)['state_dict']

    return run


@pytest.mark.parametrize('views', [1, 2])
def test_hands_over_at_once_and_like_the_cpu(views, train):
    key = 'train_dataloader__dataset__rela_pipeline__0__num_views'
    seen, _ = train('device', **{key: views})
    assert seen == [('rela', views)] * SWITCH + [
        ('host', 2)] * (TOTAL - SWITCH)
    assert seen == train('cpu', 'BYOL', **{key: views})[0]


@pytest.mark.skipif(torch.cuda.is_available(),
                    reason='its kernels do not repeat the last bit')
def test_resume_continues_exactly(train, tmp_path):
    _, whole = train('whole')
    seen, part = train('part', resume=True, load_from=str(
        tmp_path / 'whole' / 'epoch_1.pth'))
    assert seen == [('host', 2)] * 4
    assert whole.keys() == part.keys()
    assert all(torch.equal(whole[key], part[key]) for key in whole)


def test_accumulation_mixes_no_stages(train):
    """λ falls after the second optimiser step, of two batches each."""
    seen, _ = train('accumulated', optim_wrapper__accumulative_counts=2,
                    default_hooks__rela__schedule=dict(
                        _delete_=True, type='FixedLambda', fraction=2 / 4,
                        total_steps=4))
    assert [stage for stage, _ in seen] == ['rela'] * 4 + ['host'] * 4
