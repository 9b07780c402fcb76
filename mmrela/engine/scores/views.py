"""Views of images as the model in training sees pictures."""
from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from PIL import Image
from torch.utils.data import Dataset

from ...batched import completed
from ...errors import UserError
from ...features.images import PriorImages
from ...pictures.access import sample_name
from ...pictures.hue import mended_hue
from ...pictures.rgb import Sample, as_rgb
from ...rng import seed_of, seeded


class Views(Dataset):
    """Several views of each of some images, image by image.

    They are the first of those that the host's pipeline makes, the same
    each time.

    Args:
        dataset: The host's.
        rows: The images, by their rows there.
        count: Views of each.
        bgr: Whether views of colours are BGR.
    """

    def __init__(self, dataset: Dataset, rows: Sequence[int], count: int,
                 bgr: bool) -> None:
        self.dataset, self.rows = dataset, rows
        self.count, self.bgr = count, bgr

    def __len__(self) -> int:
        return len(self.rows) * self.count

    def get_data_info(self, index: int) -> dict:
        """What messages call a view."""
        name = sample_name(self.dataset, self.rows[index // self.count])
        return dict(img_path=f'a view of {name}')

    def picture(self, index: int) -> Image.Image:
        """A view, RGB.

        Raises:
            UserError: it is no picture of eight bits.
        """
        number, view = divmod(index, self.count)
        row = self.rows[number]
        with mended_hue(), seeded(seed_of(row, view)):
            sample = self.dataset[row]
            # DeviceColoursHook leaves colours out of the pipeline.
            views = completed(sample) if 'left' in sample else (
                sample['inputs'])
        first = views[0] if isinstance(views, (list, tuple)) else views
        try:
            return as_rgb(np.asarray(first.permute(1, 2, 0)), self.bgr)
        except ValueError as e:
            raise UserError(f'OnlineRankHook: lidar_views needs views of '
                            f'eight bits ({e}): leave it out') from e


class _View(Sample):

    @cached_property
    def image(self) -> Image.Image:
        return self.dataset.picture(self.index)


class ViewImages(PriorImages):
    """The same for :class:`Views`, in place of a data set."""

    def sample(self, index: int) -> Sample:
        """One view, which is made when it is looked at."""
        return _View(self.dataset, index)
