"""The weak view as torchvision's second version makes it."""
from __future__ import annotations

from collections.abc import Callable

from torchvision.io import ImageReadMode, decode_image, read_file
from torchvision.transforms import v2


def weak(files: list[str]) -> Callable[[], None]:
    """What decodes, crops and flips all files, uint8 (3, 224, 224) each."""
    view = v2.Compose([v2.RandomResizedCrop(224, (0.5, 1.)),
                       v2.RandomHorizontalFlip()])

    def case() -> None:
        for file in files:
            view(decode_image(read_file(file), ImageReadMode.RGB))
    return case
