"""DINO: teacher, views, frozen prototypes, checkpoints, two ranks."""
import copy
import math

import numpy as np
import pytest
import torch
from forked import run_ranks
from mmengine.logging import MessageHub
from mmpretrain.registry import MODELS
from torch.nn.parallel import DistributedDataParallel

from mmrela.models.selfsup import DINO

K, MAX_ITERS = 7, 10
CFG = dict(
    type='DINO',
    base_momentum=0.2,
    backbone=dict(
        type='ResNet', depth=18, base_channels=8, stem_channels=8,
        norm_cfg=dict(type='BN')),
    neck=dict(
        type='DINONeck', in_channels=64, hid_channels=16, out_channels=K,
        bottleneck_channels=8, num_layers=2),
    head=dict(type='DINOHead', out_channels=K, warmup_iters=4))


@pytest.fixture(autouse=True)
def max_iters():
    MessageHub.get_current_instance().update_info('max_iters', MAX_ITERS)


def build(**options):
    torch.manual_seed(0)
    model = MODELS.build(copy.deepcopy(dict(CFG, **options)))
    model.init_weights()
    return model.train()


def make_views(count=2, batch=4, sizes=(32, )):
    generator = torch.Generator().manual_seed(count)
    return [torch.randn(batch, 3, size, size, generator=generator)
            for size in [32] * 2 + [sizes[-1]] * (count - 2)]


def train(model, optimizer, steps, views=None):
    for _ in range(steps):
        optimizer.zero_grad()
        model.loss(views or make_views(), [])['loss'].backward()
        optimizer.step()


def adamw(model):
    return torch.optim.AdamW(model.parameters(), 0.01, weight_decay=0.1)


def test_only_the_student_gets_gradients():
    model = build()
    model.loss(make_views(), [])['loss'].backward()
    without = {n for n, p in model.named_parameters() if p.grad is None}
    assert without == {n for n, _ in model.named_parameters()
                       if n.startswith('target_net.')}


def test_teacher_is_the_average_of_the_students():
    model = build()
    optimizer = torch.optim.SGD(model.parameters(), 0.5)
    names = ['0.conv1.weight', '1.mlp.0.weight', '1.last_layer.weight']
    teacher = {}
    for step in range(5):
        student = torch.nn.Sequential(model.backbone, model.neck)
        student = {k: v.detach().double().numpy().copy()
                   for k, v in student.named_parameters()}
        share = 0.2 * (math.cos(math.pi * step / MAX_ITERS) + 1) / 2
        share = share if step else 1
        train(model, optimizer, 1)
        averaged = dict(model.target_net.module.named_parameters())
        for k in names:
            teacher[k] = (1 - share) * teacher.get(k, 0) + share * student[k]
            np.testing.assert_allclose(averaged[k], teacher[k], atol=1e-6)
            assert step == 0 or not np.allclose(teacher[k], student[k])


def test_loss_is_the_heads_of_views_in_one_batch():
    model = build()
    train(model, adamw(model), 2)
    naive, views = copy.deepcopy(model), make_views(4, sizes=[16])
    got = model.loss(views, [])['loss']
    naive.target_net.update_parameters(
        torch.nn.Sequential(naive.backbone, naive.neck))
    teacher = naive.target_net(torch.cat(views[:2]))[0]
    student = torch.cat([naive.neck(naive.backbone(torch.cat(pair)))[0]
                         for pair in (views[:2], views[2:])])
    expected = naive.head.loss(student.split(4), teacher.split(4))
    assert torch.equal(got, expected)


def test_teacher_sees_global_views_alone():
    model, seen = build(), dict(student=[], teacher=[])
    for who, net in (('student', model.backbone),
                     ('teacher', model.target_net)):
        net.register_forward_pre_hook(
            lambda _, args, who=who: seen[who].append(args[0].shape[::3]))
    model.loss(make_views(5, sizes=[16]), [])
    assert seen == dict(student=[(8, 32), (12, 16)], teacher=[(8, 32)])


@pytest.mark.parametrize('views', [0, 1])
def test_needs_two_views(views):
    with pytest.raises(ValueError, match='at least 2 views'):
        build().loss(make_views()[:views], [])


def test_prototypes_freeze_under_weight_decay():
    model = build(freeze_last_layer=2)
    weight = model.neck.last_layer.weight
    optimizer, start = adamw(model), weight.detach().clone()
    body = model.backbone.conv1.weight.detach().clone()
    train(model, optimizer, 2)
    assert torch.equal(weight, start)
    assert not torch.equal(model.backbone.conv1.weight, body)
    train(model, optimizer, 1)
    assert not torch.equal(weight, start)


def test_checkpoint_continues_exactly(tmp_path):
    model = build(freeze_last_layer=2)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    train(model, optimizer, 1)
    torch.save(model.state_dict(), tmp_path / 'model.pth')
    other = build(freeze_last_layer=2)
    other.load_state_dict(torch.load(tmp_path / 'model.pth',
                                     weights_only=True))
    assert other.head.steps == other.target_net.steps == 1
    assert other.head.center.any()
    train(model, optimizer, 3)
    train(other, torch.optim.SGD(other.parameters(), 0.1), 3)
    for k, v in model.state_dict().items():
        assert torch.equal(v, other.state_dict()[k]), k


class Loss(torch.nn.Module):
    """For DDP; batch norm in eval mode, so that images are independent."""

    def __init__(self):
        super().__init__()
        self.model: DINO = build(freeze_last_layer=2).eval()

    def forward(self, views):
        return self.model.loss(views, [])['loss']


def train_some(loss, model, views):
    """Weights after each of three steps, and the last centre."""
    optimizer = torch.optim.SGD(model.parameters(), 0.1, weight_decay=0.1)
    prototypes = [model.neck.last_layer.weight.detach().clone()]
    for _ in range(3):
        optimizer.zero_grad()
        loss(views).backward()
        optimizer.step()
        prototypes.append(model.neck.last_layer.weight.detach().clone())
    return model.head.center, prototypes, list(model.parameters())


def test_two_ranks_are_one_with_the_whole_batch(tmp_path):
    views = make_views()

    def work(rank):
        loss = DistributedDataParallel(Loss(), find_unused_parameters=True)
        half = [view.chunk(2)[rank] for view in views]
        torch.save(train_some(loss, loss.module.model, half),
                   tmp_path / f'{rank}.pth')

    codes, said = run_ranks(work, 2, tmp_path)
    assert codes == [0, 0], said
    loss = Loss()
    expected = train_some(loss, loss.model, views)
    ranks = [torch.load(tmp_path / f'{rank}.pth') for rank in range(2)]
    assert torch.equal(ranks[0][0], ranks[1][0]) and ranks[0][0].any()
    for got in ranks:
        torch.testing.assert_close(got, expected)
        start, *frozen, moved = got[1]
        assert all(torch.equal(weight, start) for weight in frozen)
        assert not torch.equal(moved, start)
