"""ONNX programs, made in forks: PyTorch's exporter leaves threads behind."""
from __future__ import annotations

import pytest
import torch
from backbones import build, checkpoint, features
from forked import run_ranks

from mmrela.errors import UserError
from mmrela.export import onnx
from mmrela.export.run import export
from mmrela.export.source import Source


def test_features_by_onnx_runtime(tmp_path):
    runtime = pytest.importorskip('onnxruntime')
    pytest.importorskip('onnxscript')
    backbone = build('narrow')
    file, out = checkpoint('narrow', tmp_path, backbone), tmp_path / 'x.onnx'

    def work(rank: int) -> None:
        found = export(Source(file, side=32), 'onnx', str(out))
        assert found.network == 'ResNet'
        assert found.code.startswith('import onnxruntime')

    codes, said = run_ranks(work, 1, tmp_path)
    assert codes == [0], said
    images = torch.randn(5, 3, 32, 32)
    session = runtime.InferenceSession(str(out))
    found, = session.run(None, dict(images=images.numpy()))
    wanted = features('narrow', backbone, images)
    torch.testing.assert_close(torch.from_numpy(found), wanted, rtol=1e-5,
                               atol=1e-5 * float(wanted.abs().max()))


def test_its_packages_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx, 'NAMES', ('no_such_package', ))
    source = Source(checkpoint('narrow', tmp_path, build('narrow')), side=32)
    with pytest.raises(UserError, match=r"pip install 'mmrela\[onnx\]'"):
        export(source, 'onnx', str(tmp_path / 'x.onnx'))
