"""Learning from soft labels: a teacher's, or stored ones."""
import copy

import numpy as np
import pytest
import torch
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

import mmrela
from mmrela.errors import UserError

NETWORK = dict(
    backbone=dict(type='ConvNet', width=4, img_size=16),
    head=dict(type='LinearClsHead', num_classes=3, in_channels=16))


@pytest.fixture
def teacher_file(tmp_path):
    torch.manual_seed(7)
    teacher = MODELS.build(dict(type='ImageClassifier', **NETWORK))
    file = tmp_path / 'teacher.pth'
    torch.save(dict(state_dict=teacher.state_dict()), file)
    return file, teacher.eval()


def student(**kwargs):
    torch.manual_seed(0)
    model = mmrela.SoftLabelClassifier(temperature=2., **kwargs, **NETWORK)
    model.init_weights()
    return model.train()


def with_teacher(file):
    return student(teacher=dict(
        type='ImageClassifier', **NETWORK,
        init_cfg=dict(type='Pretrained', checkpoint=str(file))))


def naive(model, images, labels):
    """Σ p log(p / q), a mean over the images, in numpy."""
    logits = model(images).detach().numpy().astype(np.float64) / 2
    q = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return (labels * np.log(labels / q)).sum(1).mean()


def test_the_teachers_labels_are_of_what_the_student_sees(teacher_file):
    file, teacher = teacher_file
    model, images = with_teacher(file), torch.randn(5, 3, 16, 16)
    logits = teacher(images).detach().numpy().astype(np.float64) / 2
    labels = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    samples = [DataSample() for _ in images]
    loss = model.loss(images, samples)['loss']
    assert loss.item() == pytest.approx(naive(model, images, labels), rel=1e-4)
    loss.backward()
    assert all(p.grad is not None for p in model.parameters())


def test_the_teacher_leaves_no_trace(teacher_file):
    file, teacher = teacher_file
    model, alone = with_teacher(file), student()
    assert model.state_dict().keys() == alone.state_dict().keys()
    for name, value in alone.state_dict().items():
        assert torch.equal(value, model.state_dict()[name]), name
    hidden, = copy.deepcopy(model)._teacher
    assert not hidden.training
    for name, value in teacher.state_dict().items():
        assert torch.equal(value, hidden.state_dict()[name]), name


def test_labels_of_the_batch():
    model, images = student(), torch.randn(2, 3, 16, 16)
    labels = torch.tensor([[0.1, 0.2, 0.7], [0.5, 0.25, 0.25]])
    samples = [DataSample().set_gt_score(row) for row in labels]
    loss = model.loss(images, samples)['loss'].item()
    assert loss == pytest.approx(naive(model, images, labels.numpy()), 1e-4)
    with pytest.raises(UserError, match='set model.teacher, or'):
        model.loss(images, [DataSample() for _ in images])


def test_is_a_host(teacher_file):
    model = MODELS.build(dict(
        type='Rela', host='SoftLabelClassifier', **NETWORK,
        rela_head=dict(type='RelaHead', out_channels=5)))
    assert isinstance(model, mmrela.SoftLabelClassifier)
