"""The weak view's crop (paper, section 4.1)."""
from __future__ import annotations

from mmpretrain.datasets.transforms import RandomResizedCrop
from mmpretrain.registry import TRANSFORMS


@TRANSFORMS.register_module()
class NativeResizedCrop(RandomResizedCrop):
    """Random resized crop back to the size that the image came in.

    It keeps the image size out of the pipelines of data sets whose images
    all have one size.

    Args:
        crop_ratio_range: Share of the image's area that is cropped.
        **kwargs: As for :class:`RandomResizedCrop`, except ``scale``.
    """

    def __init__(self,
                 crop_ratio_range: tuple[float, float] = (0.08, 1.0),
                 **kwargs) -> None:
        super().__init__(scale=1, crop_ratio_range=crop_ratio_range, **kwargs)

    def transform(self, results: dict) -> dict:
        """Crop ``results['img']``, (H, W, C), and resize it to (H, W)."""
        self.scale = results['img'].shape[:2]
        return super().transform(results)
