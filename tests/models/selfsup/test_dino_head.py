"""DINO's loss, centre and temperature against loops over numbers."""
import math

import numpy as np
import pytest
import torch

from mmrela.models.selfsup import DINOHead

K = 7


def naive_softmax(logits):
    powers = [math.exp(v) for v in logits]
    return [p / sum(powers) for p in powers]


def naive_cross_entropy(teacher, student, center, temperature, student_temp):
    """One image; the paper's H(P_t, P_s)."""
    p = naive_softmax((teacher - center) / temperature)
    q = naive_softmax(student / student_temp)
    return -sum(a * math.log(b) for a, b in zip(p, q))


@pytest.mark.parametrize('crops, pairs', [(2, 2), (3, 4), (6, 10)])
def test_loss_centre_and_temperature_over_steps(crops, pairs):
    head = DINOHead(K, warmup_iters=3)
    center = np.zeros(K)
    temperatures = [0.04, 0.05, 0.06, 0.07, 0.07]
    for step, temperature in enumerate(temperatures):
        rng = np.random.default_rng(step)
        student = rng.uniform(-1, 1, (crops, 4, K))
        teacher = rng.uniform(-1, 1, (2, 4, K))
        losses = [
            naive_cross_entropy(teacher[i, n], student[j, n], center,
                                temperature, 0.1)
            for i in range(2) for j in range(crops) if i != j
            for n in range(4)]
        assert len(losses) == pairs * 4
        got = head.loss(list(torch.tensor(student)),
                        list(torch.tensor(teacher)))
        assert got.item() == pytest.approx(np.mean(losses), rel=1e-5)
        center = 0.9 * center + 0.1 * teacher.mean((0, 1))
        np.testing.assert_allclose(head.center, center, rtol=1e-5)
        assert head.steps == step + 1


def test_other_constants_and_no_warm_up():
    head = DINOHead(K, 0, student_temp=0.3, teacher_temp=0.2,
                    center_momentum=0.5)
    student, teacher = torch.randn(2, 2, 4, K).double()
    for center in (np.zeros(K), teacher.mean((0, 1)).numpy() / 2):
        expected = np.mean([
            naive_cross_entropy(teacher[i, n].numpy(), student[1 - i, n],
                                center, 0.2, 0.3)
            for i in range(2) for n in range(4)])
        got = head.loss(list(student), list(teacher))
        assert got.item() == pytest.approx(expected, rel=1e-4)


def test_teacher_gets_no_gradients():
    head = DINOHead(K, 0)
    student, teacher = torch.randn(2, 2, 4, K)
    student.requires_grad_(), teacher.requires_grad_()
    head.loss(list(student), list(teacher)).backward()
    assert student.grad.any() and teacher.grad is None
