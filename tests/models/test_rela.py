import copy
import pickle

import numpy as np
import pytest
import torch
from hosts import DIM, HOSTS, LABELLED, MASKED, small_config
from mmengine.logging import MessageHub
from mmengine.model import BaseAveragedModel
from mmengine.optim import OptimWrapper
from mmpretrain.models import ResNet
from mmpretrain.models.selfsup import BaseSelfSupervisor
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

import mmrela
from mmrela.errors import UserError
from mmrela.models.pooling import pool_features
from mmrela.models.rela import rela_class

BATCH = 8


@pytest.fixture(params=HOSTS)
def model_cfg(request, cifar_root, tmp_path):
    MessageHub.get_current_instance().update_info('max_iters', 10)
    cfg = small_config(request.param, cifar_root, tmp_path / 'work')
    return cfg.model


def plain(model_cfg):
    """Config of the host without RELA."""
    cfg = copy.deepcopy(model_cfg)
    cfg.type = cfg.pop('host')
    cfg.pop('rela_head')
    return cfg


def build(cfg):
    torch.manual_seed(0)
    model = MODELS.build(copy.deepcopy(cfg))
    model.init_weights()
    return model.train()


def batch(views=2):
    """Of RELA's stage."""
    inputs = [torch.randn(BATCH, 3, 32, 32) for _ in range(views)]
    samples = [DataSample() for _ in range(BATCH)]
    for sample in samples:
        sample.set_field(torch.randn(DIM), 'rela_target')
    return inputs, samples


def host_batch(host):
    inputs = [torch.randn(BATCH, 3, 32, 32) for _ in range(2)]
    samples = [DataSample() for _ in range(BATCH)]
    if host in (*MASKED, *LABELLED):
        inputs = inputs[0]
    for sample in samples:
        if host in MASKED:
            sample.set_field(torch.rand(8, 8).round(), 'mask')
        if host in LABELLED:
            sample.set_gt_label(3)
    return inputs, samples


def test_is_the_host_with_one_more_head(model_cfg):
    rela, host = build(model_cfg), build(plain(model_cfg))
    assert isinstance(rela, type(host))
    added = set(rela.state_dict()) - set(host.state_dict())
    assert added == {'rela_head.fc.weight', 'rela_head.fc.bias'}
    for name, value in host.state_dict().items():
        assert torch.equal(value, rela.state_dict()[name]), name
    assert not rela.load_state_dict(host.state_dict(), False).unexpected_keys
    assert not host.load_state_dict(rela.state_dict(), False).missing_keys


def test_saves_and_loads_as_an_object(model_cfg, tmp_path):
    model = build(model_cfg)
    torch.save(model, tmp_path / 'model.pth')
    loaded = torch.load(tmp_path / 'model.pth', weights_only=False)
    for again in (loaded, pickle.loads(pickle.dumps(model)),
                  copy.deepcopy(model)):
        assert type(again) is type(model)
        for name, value in model.state_dict().items():
            assert torch.equal(value, again.state_dict()[name]), name


def test_its_class_is_ours_by_name(model_cfg):
    kind = type(build(model_cfg))
    assert kind.__module__ == 'mmrela.models.rela'
    assert kind.__qualname__ == kind.__name__ == f'Rela{model_cfg.host}'


def test_host_may_be_a_class(model_cfg):
    by_name = build(model_cfg)
    model_cfg.host = MODELS.get(model_cfg.host)
    by_class = build(model_cfg)
    assert type(by_class) is type(by_name)
    model_cfg.host = f'{model_cfg.host.__module__}.{model_cfg.host.__name__}'
    assert type(build(model_cfg)) is type(by_name)  # as dumped configs do


def naive_loss(model, inputs, samples):
    """Equation 9 in numpy, one image at a time."""
    weight = model.rela_head.fc.weight.detach().numpy().astype(np.float64)
    bias = model.rela_head.fc.bias.detach().numpy()
    losses = []
    for view in inputs:
        whole = dict(mask=None) if hasattr(model.backbone, 'mask_ratio') or (
            hasattr(model.backbone, 'mask_token')) else {}
        features = pool_features(
            model.backbone(view, **whole)).detach().numpy()
        for phi, sample in zip(features, samples):
            z, y = weight @ phi + bias, sample.rela_target.numpy()
            losses.append(1 - z @ y / np.linalg.norm(z) / np.linalg.norm(y))
    return np.mean(losses)


@pytest.mark.parametrize('views', [1, 2, 3])
def test_loss_is_equation_9(model_cfg, views):
    model = build(model_cfg)
    inputs, samples = batch(views)
    loss = model.loss(inputs, samples)
    assert set(loss) == {'rela_loss'}
    expected = naive_loss(model, inputs, samples)
    assert loss['rela_loss'].item() == pytest.approx(expected, abs=1e-5)


def test_one_view_may_come_as_a_tensor(model_cfg):
    model = build(model_cfg)
    inputs, samples = batch(1)
    as_list = model.loss(inputs, samples)['rela_loss']
    as_tensor = model.loss(inputs[0], samples)['rela_loss']
    assert torch.equal(as_list, as_tensor)


def seeded_loss(model, inputs, samples):
    torch.manual_seed(0)  # MoCo shuffles
    return model.loss(inputs, samples)


def test_batches_without_targets_are_the_hosts(model_cfg):
    rela, host = build(model_cfg), build(plain(model_cfg))
    inputs, samples = host_batch(model_cfg.host)
    expected, got = (seeded_loss(m, inputs, samples) for m in (host, rela))
    assert expected.keys() == got.keys()
    for name in expected:
        assert torch.equal(expected[name], got[name])


def test_both_backbone_and_head_learn(model_cfg):
    model = build(model_cfg)
    model.loss(*batch())['rela_loss'].backward()
    # SimMIM's windows of one position leave nothing to attend to.
    trained = {name for name, p in model.named_parameters()
               if p.grad is not None and p.grad.abs().sum() > 0}
    assert {name for name, p in model.named_parameters()
            if name.startswith(('backbone', 'rela_head')) and p.requires_grad
            and not ('mask_token' in name or 'w_msa' in name)} <= trained
    assert not any(name.startswith(('neck', 'head')) for name in trained)


def test_momentum_network_starts_from_the_online_one(model_cfg):
    """RELA steps move the backbone; the first host step copies it."""
    model = build(model_cfg)
    averaged = [m for m in model.children()
                if isinstance(m, BaseAveragedModel)]
    if not averaged:
        pytest.skip('no momentum network')
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    model.loss(*batch())['rela_loss'].backward()
    optimizer.step()
    model.loss(*host_batch(model_cfg.host))
    online = torch.nn.Sequential(model.backbone, model.neck).parameters()
    for ours, theirs in zip(online, averaged[0].module.parameters()):
        assert torch.equal(ours, theirs)


def test_a_users_own_host_works():

    @MODELS.register_module()
    class TestOnlyHost(BaseSelfSupervisor):

        def loss(self, inputs, data_samples):
            return dict(loss=inputs[0].sum())

    cfg = dict(type='Rela', host='TestOnlyHost', rela_head=dict(
        type='RelaHead', in_channels=512, out_channels=DIM),
        backbone=dict(type='ResNet', depth=18, norm_cfg=dict(type='BN')))
    model = MODELS.build(cfg)
    assert isinstance(model, TestOnlyHost)
    assert rela_class(TestOnlyHost) is type(model)
    inputs, samples = batch()
    assert 'rela_loss' in model.loss(inputs, samples)
    inputs, samples = host_batch('TestOnlyHost')
    assert model.loss(inputs, samples)['loss'] == inputs[0].sum()


@pytest.mark.parametrize('own', ['train_step', 'forward'])
def test_a_hosts_own_way_is_for_its_own_batches(own):

    class OwnWay(BaseSelfSupervisor):

        def loss(self, inputs, data_samples):
            return dict(loss=inputs[1].sum())  # RELA's have one view

    def instead(self, *args, **kwargs):
        return dict(theirs=torch.ones(()))

    setattr(OwnWay, own, instead)
    model = mmrela.Rela(
        OwnWay, dict(type='RelaHead', in_channels=512, out_channels=DIM),
        backbone=dict(type='ResNet', depth=18, norm_cfg=dict(type='BN')))
    optim = OptimWrapper(torch.optim.SGD(model.parameters(), 0.1))
    for (inputs, samples), keys in (
            (batch(1), {'loss', 'rela_loss'}),
            (host_batch('OwnWay'), {'theirs'})):
        data = dict(inputs=inputs, data_samples=samples)
        if own == 'train_step':
            assert model.train_step(data, optim).keys() == keys
        else:
            assert model(**data, mode='loss').keys() == keys - {'loss'}


@pytest.mark.parametrize(
    'host', ['NoSuchModel', 'ImageToImageRetriever', 'ResNet', ResNet])
def test_host_must_be_self_supervised_or_a_classifier(host):
    with pytest.raises(UserError, match='model.host'):
        mmrela.Rela(host, dict(type='RelaHead'))


@pytest.mark.parametrize('features', [
    torch.randn(4, 6), torch.randn(4, 6, 3, 2), torch.randn(4, 5, 6),
    (torch.randn(4, 2), torch.randn(4, 6, 1, 1)),
    [[torch.randn(4, 5, 9), torch.randn(4, 6)]]
])
def test_pooling(features):
    pooled = pool_features(features)
    assert pooled.shape == (4, 6)
    last = features
    while not isinstance(last, torch.Tensor):
        last = last[-1]
    axes = {2: (), 3: (1, ), 4: (2, 3)}[last.ndim]
    np.testing.assert_allclose(pooled, last.numpy().mean(axes), rtol=1e-5,
                               atol=1e-6)
