"""A look at a model in training that leaves no trace."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from ..rng import seeded, undisturbed


@contextmanager
def eval_mode(model: nn.Module) -> Iterator[None]:
    """Eval mode for a while; whatever is drawn there does not count."""
    modes = [(module, module.training) for module in model.modules()]
    gpus = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with undisturbed(gpus), seeded():
        model.eval()
        try:
            yield
        finally:
            for module, training in modes:
                module.training = training
