"""Features of all images from several ranks: in order, and in little room."""
from __future__ import annotations

import torch
from forked import run_ranks

from _lib.training.machine import peak_bytes
from mmrela.features import everything as module
from mmrela.features.everything import everything

IMAGES, WIDTH = 128 * 301 + 7, 512  # 79 MB of features


def test_ranks_send_as_they_go(tmp_path, monkeypatch):
    """All at once took 97 MB of the others, and 285 of the first one."""
    monkeypatch.setattr(module, 'extract', lambda images, title, mine, size: (
        (torch.tensor([*batch])[:, None].float().repeat(1, WIDTH),
         torch.ones(len(batch), dtype=bool)) for batch in mine))

    def work(rank: int) -> None:
        before = peak_bytes()
        found = everything(range(IMAGES))
        used = peak_bytes() - before
        assert used < (60e6 if rank else 220e6), used
        if rank:
            assert found is None
            return
        features, rows = found
        assert rows == [*range(IMAGES)]
        assert features[:, 0].tolist() == rows
        assert torch.equal(features, features[:, :1].expand(-1, WIDTH))

    codes, said = run_ranks(work, 3, tmp_path)
    assert codes == [0, 0, 0], said
