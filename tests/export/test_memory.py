"""Backbones of other libraries without a file."""
from __future__ import annotations

import pytest
import torch
from backbones import build, checkpoint, features

from mmrela.errors import UserError
from mmrela.export.run import export
from mmrela.export.source import Source


def test_weights_and_what_builds_their_network(tmp_path):
    """The library's own name, and weights that fit what the code builds."""
    backbone = build('cifar')
    source = Source(checkpoint('cifar', tmp_path, backbone), side=32)
    found = export(source, 'timm')
    assert found.network == 'resnet18'
    scope: dict = {}
    exec(found.code, scope)
    scope['model'].load_state_dict(found.state)
    images = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        torch.testing.assert_close(
            scope['model'].eval()(images), features('cifar', backbone, images),
            rtol=1e-5, atol=1e-4)
    assert len([*tmp_path.iterdir()]) == 1
    written = export(source, 'timm', str(tmp_path / 'x.pth'))
    assert f"torch.load('{tmp_path}/x.pth'" in written.code
    for mistake, why in [('tim', 'is timm meant'), ('onnx', 'by --out')]:
        with pytest.raises(UserError, match=why):
            export(source, mistake)


def test_features_are_compared(tmp_path):
    """Names and shapes are torchvision's, and its strides are not."""
    source = Source(checkpoint('caffe', tmp_path, build('caffe')), side=32)
    with pytest.raises(UserError, match='features differ by'):
        export(source, 'torchvision')
