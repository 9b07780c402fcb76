"""The small network of data-set distillation, by a second formula."""
import pytest
import torch
import torch.nn.functional as F
from mmpretrain.registry import MODELS

from mmrela import ConvNet


def naive(model: ConvNet, x: torch.Tensor) -> torch.Tensor:
    """One block after the other, one channel of one image at a time."""
    for conv, norm, _, _ in model.blocks:
        x = F.conv2d(x, conv.weight, conv.bias, padding=1)
        maps = [[(channel - channel.mean()) / (
            channel.var(correction=0) + 1e-5).sqrt() for channel in image]
            for image in x]
        x = torch.stack([torch.stack(image) for image in maps])
        x = x * norm.weight[:, None, None] + norm.bias[:, None, None]
        n, c, h, w = x.clamp(min=0).shape
        x = x.clamp(min=0).view(n, c, h // 2, 2, w // 2, 2).mean((3, 5))
    return x.reshape(len(x), -1)


def test_features():
    model = ConvNet(depth=2, width=6)
    for norm in (block[1] for block in model.blocks):
        torch.nn.init.normal_(norm.weight)
        torch.nn.init.normal_(norm.bias)
    x = torch.randn(3, 3, 8, 12)
    features, = model(x)
    assert features.shape == (3, 6 * 2 * 3)
    torch.testing.assert_close(features, naive(model, x))


@pytest.mark.parametrize('depth, side', [(3, 32), (4, 64)])
def test_the_fields_sizes(depth, side):
    model = MODELS.build(dict(type='ConvNet', depth=depth))
    features, = model(torch.zeros(1, 3, side, side))
    assert features.shape == (1, 2048)
    first, later = 128 * (3 * 9 + 1), 128 * (128 * 9 + 1)
    norms = depth * 2 * 128
    assert sum(p.numel() for p in model.parameters()) == (
        first + (depth - 1) * later + norms)


def test_rela_knows_the_number_of_its_features():
    model = MODELS.build(dict(
        type='Rela', host='ImageClassifier',
        backbone=dict(type='ConvNet', width=4, img_size=16),
        head=dict(type='LinearClsHead', num_classes=3, in_channels=16),
        rela_head=dict(type='RelaHead', out_channels=5)))
    assert model.rela_head.fc.in_features == 4 * 2 * 2
