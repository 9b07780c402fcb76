"""DINO's neck against numpy and torch's own weight norm."""
import copy
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from mmrela.models.selfsup import DINONeck

IN, HID, BOTTLENECK, K = 6, 8, 5, 7


@pytest.fixture
def neck():
    torch.manual_seed(0)
    return DINONeck(IN, HID, K, BOTTLENECK, num_layers=3)


def naive_logits(neck, features):
    """One image at a time, in float64."""
    def weight(layer):
        return layer.weight.detach().double().numpy()

    linears = [m for m in neck.mlp if isinstance(m, nn.Linear)]
    prototypes = weight(neck.last_layer)
    logits = []
    for x in features.double().numpy():
        for i, layer in enumerate(linears):
            x = weight(layer) @ x + layer.bias.detach().double().numpy()
            if i < len(linears) - 1:
                x = np.array([v * (1 + math.erf(v / 2**0.5)) / 2 for v in x])
        logits.append([p @ x / np.linalg.norm(p) / np.linalg.norm(x)
                       for p in prototypes])
    return np.array(logits)


def test_logits(neck):
    features = torch.randn(4, IN)
    logits, = neck((torch.randn(4, 3), features))
    np.testing.assert_allclose(
        logits.detach(), naive_logits(neck, features), atol=1e-6)


def test_maps_are_averaged(neck):
    maps = torch.randn(4, IN, 3, 2)
    vectors = torch.stack([m.flatten(1).mean(1) for m in maps])
    torch.testing.assert_close(neck((maps, )), neck((vectors, )))


@pytest.mark.parametrize('layers, shapes', [
    (1, [(BOTTLENECK, IN)]),
    (2, [(HID, IN), (BOTTLENECK, HID)]),
    (3, [(HID, IN), (HID, HID), (BOTTLENECK, HID)]),
])
def test_layers_and_their_initial_weights(layers, shapes):
    neck = DINONeck(IN, HID, K, BOTTLENECK, num_layers=layers)
    prototypes = neck.last_layer.weight.detach().clone()
    neck.init_weights()
    linears = [m for m in neck.mlp if isinstance(m, nn.Linear)]
    assert [tuple(m.weight.shape) for m in linears] == shapes
    for layer in linears:
        assert 0 < layer.weight.std() < 0.04 and not layer.bias.any()
    assert torch.equal(neck.last_layer.weight, prototypes)
    assert neck.last_layer.bias is None


def test_last_layer_learns_as_a_weight_normalised_one(neck):
    """With its gain frozen at 1, like the authors' layer."""
    theirs = copy.deepcopy(neck)
    normed = weight_norm(nn.Linear(BOTTLENECK, K, bias=False))
    gain, direction = (getattr(normed.parametrizations.weight, f'original{i}')
                       for i in range(2))
    gain.data.fill_(1)
    direction.data.copy_(neck.last_layer.weight.data)
    features = torch.randn(4, IN)
    ours, = neck((features, ))
    z = nn.functional.normalize(theirs.mlp(features))
    torch.testing.assert_close(ours, normed(z))
    for logits in (ours, normed(z)):
        logits.square().sum().backward()
    torch.testing.assert_close(neck.last_layer.weight.grad, direction.grad)


def test_frozen_prototypes_let_the_rest_learn(neck):
    features = torch.randn(4, IN)
    free, frozen = neck((features, ))[0], neck((features, ), True)[0]
    assert torch.equal(free, frozen)
    frozen.square().sum().backward()
    assert neck.last_layer.weight.grad is None
    assert all(p.grad.any() for p in neck.mlp.parameters())
