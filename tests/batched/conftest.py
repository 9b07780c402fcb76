"""Images for pipelines, and the scope in which these find transforms."""
from __future__ import annotations

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope


@pytest.fixture(scope='module', autouse=True)
def scope() -> None:
    init_default_scope('mmpretrain')


@pytest.fixture(scope='module')
def images() -> torch.Tensor:
    """Noise, (24, 3, 16, 12) uint8."""
    rng = np.random.default_rng(1)
    return torch.from_numpy(rng.integers(0, 256, (24, 3, 16, 12), np.uint8))
