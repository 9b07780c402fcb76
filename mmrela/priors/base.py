"""What a prior model is."""
from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import torch
from PIL import Image
from torch import Tensor, nn

from ..errors import BadImageError, UserError, said
from ..pictures.rgb import Sample

# What a prior sees of one image, (3, H, W) or (d,); a tuple of several
# priors' of the same image.
Seen: TypeAlias = Tensor | tuple[Tensor, ...]


LOOKS = 4  # images of each process that are preprocessed twice


@dataclass
class Prior:
    """A frozen model that turns images into features.

    Args:
        name: Its spelling, for the fingerprint.
        model: Maps (n, 3, H, W) float32 to features (n, d).
        preprocess: Maps an RGB image to what the model sees, (3, H, W);
            ``None`` where a subclass has an :meth:`input_of` of its own.
        preprocessing: The same in words, for the fingerprint.
        amp: Computes in ``bf16`` or ``fp16`` where that is safe; ``None``
            for float32.
        normalize: Scaling of its targets unless another is asked for, see
            :meth:`~mmrela.pca.BatchPCA.fit`.
        head: Of a classifier, maps features (n, d) to logits (n, classes).
    """
    name: str
    model: nn.Module
    preprocess: Callable[[Image.Image], Tensor] | None
    preprocessing: str
    amp: str | None = None
    normalize: str = 'center'
    head: nn.Module | None = None
    _looks: int = field(default=LOOKS, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.model.eval().requires_grad_(False)

    def input_of(self, sample: Sample) -> Seen:
        """What the model sees of a sample, (3, H, W) float32.

        Raises:
            UserError: the image cannot be read or preprocessed, or not to
                the same twice.
        """
        image = sample.image
        try:
            seen = self.preprocess(image)  # type: ignore[misc]  # see there
        except Exception as e:  # whatever a library's transforms raise
            raise BadImageError(
                f'{sample.name}, of {image.size[0]} x {image.size[1]} pixels, '
                f'does not go through the preprocessing of {self.name} '
                f'({said(e)}): mend or remove it') from e
        if not isinstance(seen, Tensor):
            raise UserError(f'the preprocessing of {self.name} gives '
                            f'{type(seen).__name__}, where a tensor '
                            '(3, H, W) is wanted: change it')
        if self._looks:
            again = self.preprocess(image)  # type: ignore[misc]  # see there
            if not torch.equal(seen.nan_to_num(), again.nan_to_num()):
                raise UserError(
                    f'the preprocessing of {self.name} gives another input '
                    'for the same image each time, as if it drew a crop or '
                    'a flip: take such steps out of it')
            self._looks -= 1
        return seen

    def autocast(self, device: str) -> torch.autocast:
        """The context in which the model runs, on ``cpu`` or ``cuda``.

        Raises:
            UserError: the device has no such ``amp``, or torch lacks it there.
        """
        dtype = dict(bf16=torch.bfloat16, fp16=torch.float16).get(
            self.amp or '')
        try:
            context = torch.autocast(device, dtype, enabled=dtype is not None)
            with context:  # fp16 on CPUs fails here in old releases
                return context
        except RuntimeError as e:
            raise UserError(f'--amp {self.amp}: torch {torch.__version__} has '
                            f'none for this {device}; take another') from e

    def fingerprint(self) -> dict:
        """Name, hash of the weights and preprocessing."""
        amp = f', {self.amp}' if self.amp else ''
        return dict(name=self.name, weights=self.weights_hash(),
                    preprocessing=self.preprocessing + amp)

    def weights_hash(self) -> str:
        """Hash of all that the model has learnt."""
        digest = hashlib.blake2b(digest_size=16)
        for key, value in self.model.state_dict().items():
            digest.update(key.encode())
            bits = value.detach().cpu().contiguous().flatten()
            digest.update(bits.view(torch.uint8).numpy())  # bfloat16, too
        return digest.hexdigest()


def check_features(features: object, count: int, name: str) -> Tensor:
    """Refuse what are no features of so many images.

    Args:
        features: What a model returned.
        count: Images that it saw.
        name: Of the prior.

    Raises:
        UserError: they are not (count, d) floats; says what they are.
    """
    if not isinstance(features, Tensor):
        found = type(features).__name__
    elif features.is_floating_point() and features.ndim == 2 and (
            len(features) == count):
        return features
    else:
        found = f'{features.dtype} of {[*features.shape]}'
    raise UserError(f'{name} gives {found} for {count} images, where floats '
                    f'of [{count}, d] are wanted: take another prior')


def keep_size(spec: str, size: int | tuple, wanted: int | None) -> None:
    """Refuse another image size for a model that has only one.

    Args:
        spec: Of the prior.
        size: The model's own.
        wanted: ``--image-size``.

    Raises:
        UserError: names both.
    """
    own = size if isinstance(size, int) else size[-1]
    if wanted not in (None, own):
        raise UserError(f'{spec} sees {own} pixels and no other size: leave '
                        'out --image-size')
