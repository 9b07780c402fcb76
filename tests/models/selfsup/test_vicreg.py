"""VICReg against loops over numbers, and its batch over two ranks."""
import copy

import numpy as np
import pytest
import torch
from forked import run_ranks
from mmpretrain.registry import MODELS
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from mmrela.models.selfsup import VICReg, VICRegHead

N, D = 6, 5
BN, BN1D = dict(type='BN'), dict(type='BN1d')
CFG = dict(
    type='VICReg',
    backbone=dict(
        type='ResNet', depth=18, base_channels=8, stem_channels=8,
        norm_cfg=BN),
    neck=dict(
        type='NonLinearNeck', in_channels=64, hid_channels=16,
        out_channels=D, num_layers=3, with_last_bn=False, norm_cfg=BN1D),
    head=dict(type='VICRegHead'))


@pytest.fixture
def embeddings():
    """Two views' embeddings with deviations below and above 1."""
    generator = torch.Generator().manual_seed(0)
    scale = torch.tensor([0.1, 0.5, 1., 2., 3.])
    return [scale * torch.randn(N, D, generator=generator) for _ in range(2)]


def naive_terms(x, y, gamma=1., eps=1e-4):
    """The paper's s, v(X) + v(Y) and c(X) + c(Y), entry by entry."""
    n, d = x.shape
    s = sum((x[i, j] - y[i, j])**2
            for i in range(n) for j in range(d)) / (n * d)
    v = c = 0.
    for z in (x, y):
        mean = [sum(z[:, j]) / n for j in range(d)]
        for j in range(d):
            for k in range(d):
                cov = sum((z[i, j] - mean[j]) * (z[i, k] - mean[k])
                          for i in range(n)) / (n - 1)
                if j == k:
                    v += max(0., gamma - (cov + eps)**0.5) / d
                else:
                    c += cov**2 / d
    return np.array([s, v, c])


def terms(losses):
    assert list(losses) == ['loss_sim', 'loss_std', 'loss_cov']
    return torch.stack(list(losses.values()))


@pytest.mark.parametrize('options, weights', [
    ({}, [25, 25, 1]),
    (dict(sim_coeff=2., std_coeff=3., cov_coeff=5.), [2, 3, 5]),
    (dict(gamma=2., eps=0.5), [25, 25, 1])
])
def test_terms_are_the_papers(embeddings, options, weights):
    got = terms(VICRegHead(**options).loss(*embeddings))
    limits = {k: v for k, v in options.items() if k in ('gamma', 'eps')}
    naive = naive_terms(*(z.double().numpy() for z in embeddings), **limits)
    assert naive.min() > 0
    np.testing.assert_allclose(got, naive * weights, rtol=1e-5)


def test_gradients_are_the_papers(embeddings):
    for z in embeddings:
        z.requires_grad_()
    terms(VICRegHead().loss(*embeddings)).sum().backward()
    arrays = [z.detach().double().numpy() for z in embeddings]
    for z, tensor in zip(arrays, embeddings):
        for i, j in np.ndindex(z.shape):
            sides = []
            for step in (1e-5, -2e-5):
                z[i, j] += step
                sides.append(naive_terms(*arrays) @ [25, 25, 1])
            z[i, j] += 1e-5
            expected = (sides[0] - sides[1]) / 2e-5
            assert tensor.grad[i, j].item() == pytest.approx(
                expected, rel=1e-3, abs=1e-4)


def test_covariance_survives_half_precision(embeddings):
    large = [1000 * z for z in embeddings]
    expected = terms(VICRegHead().loss(*large))
    with torch.autocast('cpu', torch.bfloat16):
        got = terms(VICRegHead().loss(*large))
    assert torch.equal(got, expected) and got.dtype == torch.float32


def build(cfg=CFG):
    torch.manual_seed(0)
    model = MODELS.build(copy.deepcopy(cfg))
    model.init_weights()
    return model


def test_views_pass_through_backbone_and_expander():
    model = build().eval()
    views = [torch.randn(4, 3, 32, 32) for _ in range(2)]
    assert isinstance(model, VICReg)
    x, y = (model.neck(model.backbone(view))[0] for view in views)
    expected = terms(model.head.loss(x, y))
    assert torch.equal(terms(model.loss(views, [])), expected)
    total, logged = model.parse_losses(model.loss(views, []))
    assert torch.allclose(total, expected.sum())
    assert {'loss_sim', 'loss_std', 'loss_cov'} < set(logged)


@pytest.mark.parametrize('views', [1, 3])
def test_takes_two_views(views):
    with pytest.raises(ValueError, match='two views'):
        build().loss([torch.randn(2, 3, 32, 32)] * views, [])


def test_checkpoint_holds_nothing_new():
    model, host = build(), build(dict(CFG, type='BarlowTwins', head=None))
    assert model.state_dict().keys() == host.state_dict().keys()


class Terms(nn.Module):
    """Without batch norm, a rank's outputs are those of the whole batch."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.expander = nn.Linear(7, D)
        self.head = VICRegHead()

    def forward(self, views):
        return terms(self.head.loss(*map(self.expander, views)))


def test_two_ranks_are_one_with_the_whole_batch(tmp_path):
    views = torch.randn(2, N, 7, generator=torch.Generator().manual_seed(1))

    def work(rank):
        model = DistributedDataParallel(Terms())
        half = views.chunk(2, 1)[rank]
        got = model(half)
        got.sum().backward()
        grads = [p.grad for p in model.parameters()]
        torch.save((got.detach(), grads), tmp_path / f'{rank}.pth')

    assert run_ranks(work, 2, tmp_path)[0] == [0, 0]
    whole = Terms()
    expected = whole(views)
    expected.sum().backward()
    sim = []
    for rank in range(2):
        got, grads = torch.load(tmp_path / f'{rank}.pth')
        sim.append(got[0])
        torch.testing.assert_close(got[1:], expected[1:].detach())
        for ours, p in zip(grads, whole.parameters()):
            torch.testing.assert_close(ours, p.grad)
    assert sim[0] != sim[1]
    torch.testing.assert_close((sim[0] + sim[1]) / 2, expected[0].detach())
