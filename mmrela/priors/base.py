"""What a prior model is."""
from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor, nn

from ..errors import UserError


@dataclass
class Prior:
    """A frozen model that turns images into features.

    Args:
        name: Its spelling, for the fingerprint.
        model: Maps (n, 3, H, W) float32 to features (n, d).
        preprocess: Maps an RGB image to what the model sees, (3, H, W).
        preprocessing: The same in words, for the fingerprint.
    """
    name: str
    model: nn.Module
    preprocess: Callable[[Image.Image], Tensor]
    preprocessing: str

    def __post_init__(self) -> None:
        self.model.eval().requires_grad_(False)

    def fingerprint(self) -> dict:
        """Name, hash of the weights and preprocessing."""
        digest = hashlib.blake2b(digest_size=16)
        for key, value in self.model.state_dict().items():
            digest.update(key.encode())
            digest.update(value.detach().cpu().contiguous().numpy())
        return dict(name=self.name, weights=digest.hexdigest(),
                    preprocessing=self.preprocessing)


def read_weights(file: str) -> dict:
    """Read a checkpoint without unpickling anything.

    Returns:
        Its state dict.

    Raises:
        UserError: the file is missing, damaged or needs pickle.
    """
    if not Path(file).is_file():
        raise UserError(f'no weights at {file}')
    try:
        state = torch.load(file, map_location='cpu', weights_only=True)
    except Exception as e:
        raise UserError(f'{file} holds no weights that load without pickle '
                        f'({type(e).__name__})') from e
    if not isinstance(state, dict):
        raise UserError(f'{file} holds no state dict')
    return state.get('state_dict', state)
