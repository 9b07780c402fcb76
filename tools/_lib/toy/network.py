"""The network of §3.2 (eq. 4, tables 6 and 7), many at once.

Each has 201 parameters, kept as one vector: weights (2, 50) and biases of the
hidden layer, then weights and bias of the output. The paper does not say how
they begin: here as `torch.nn.Linear` does, uniform within ±1/√inputs.
"""
from __future__ import annotations

import torch
from torch import Tensor

from mmrela.rng import generator_of

HIDDEN = 50
SIZE = 4 * HIDDEN + 1
STEPS, RATE, MOMENTUM = 1000, 0.002, 0.98
EVERY = 20  # steps between the parameters that a training keeps
_AT_ONCE = 2**18  # activations


def initial(*key: int) -> Tensor:
    """Parameters (201,) before the first step."""
    spread = torch.full((SIZE,), HIDDEN**-0.5)
    spread[:3 * HIDDEN] = 2**-0.5
    drawn = torch.rand(SIZE, generator=generator_of(*key))
    return spread * (2 * drawn - 1)


def outputs(theta: Tensor, x: Tensor) -> Tensor:
    """f_θ(x), for parameters (..., 201) and samples (..., n, 2): (..., n)."""
    inner, bias, outer, offset = theta.split([2 * HIDDEN, HIDDEN, HIDDEN, 1],
                                             -1)
    hidden = x @ inner.unflatten(-1, (2, HIDDEN)) + bias[..., None, :]
    return ((hidden.relu() @ outer[..., None])[..., 0] + offset).sigmoid()


def train(theta: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """SGD on the squared error, one sample a step.

    Args:
        theta: Parameters to begin with, (..., 201).
        x: Each network's own samples, (..., steps, 2).
        y: Their targets, (..., steps).

    Returns:
        Parameters before the first step and after each EVERY more,
        (1 + steps // EVERY, ..., 201).
    """
    velocity, path = torch.zeros_like(theta), [theta]
    for step in range(y.shape[-1]):
        theta = theta.detach().requires_grad_()
        answers = outputs(theta, x[..., step:step + 1, :])[..., 0]
        # One network's loss has no gradient in another's parameters.
        loss = (answers - y[..., step]).square().sum()
        velocity = MOMENTUM * velocity + torch.autograd.grad(loss, theta)[0]
        theta = theta.detach() - RATE * velocity
        if (step + 1) % EVERY == 0:
            path.append(theta)
    return torch.stack(path)


@torch.no_grad()
def losses(theta: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Mean squared errors (...) of networks (..., 201) on (n, 2) and (n,)."""
    networks = theta.reshape(-1, SIZE)
    parts = networks.split(max(1, _AT_ONCE // (len(x) * HIDDEN)))
    means = [(outputs(part, x) - y).square().mean(-1) for part in parts]
    return torch.cat(means).reshape(theta.shape[:-1])
