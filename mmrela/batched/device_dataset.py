"""The data set on the device, which serves whole batches."""
from __future__ import annotations

from functools import cached_property
from itertools import dropwhile

import numpy as np
import torch
from mmpretrain.registry import DATASETS
from mmpretrain.structures import DataSample
from torch import Tensor
from torch.utils.data import get_worker_info

from ..datasets.rela_target import RelaTargetDataset
from ..datasets.samplers.rela_sampler import RelaIndex
from ..errors import UserError
from ..pictures.access import is_loading, load_sample
from ..pictures.crops import cropped_pixels
from .program import sent
from .views import BatchedViews


@DATASETS.register_module()
class DeviceRelaTargetDataset(RelaTargetDataset):
    """A :class:`RelaTargetDataset` for images that fit on the device.

    All images, of one size, and all targets lie on the GPU, or in memory
    where there is none; the views of a batch are made there together. The
    distributions of views are those of the same pipelines on the CPU, the
    draws are others. A loader without workers asks for one batch at a time,
    so no batch is in flight at the hand-over. See ``configs/_base_/device.py``
    for the loader's other settings. Each rank holds a copy of the data, and
    of the stored view that is on, cropped when it begins. A
    single sample, ``dataset[index]``, still comes from the CPU's pipelines.

    Args:
        *args, **kwargs: Those of :class:`RelaTargetDataset`.

    Raises:
        UserError: a transform has no batched version; images differ in
            size; the loader has workers.
    """

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.device = 'cuda' if torch.cuda.is_available() else 'cpu'
        pipeline = getattr(self.dataset, 'pipeline', None)
        transforms = pipeline.transforms if pipeline else []
        self._views = (
            BatchedViews(
                [*dropwhile(is_loading, transforms)],
                'train_dataloader.dataset.pipeline'),
            BatchedViews(
                self.rela_pipeline.transforms,
                'train_dataloader.dataset.rela_pipeline'))
        self._stored: dict[int, tuple[Tensor, Tensor]] = {}

    @cached_property
    def _kept(self) -> list[int]:
        """Samples that are not skipped, as the host counts them."""
        return [self.among_all(index) for index in range(len(self))]

    @cached_property
    def images(self) -> Tensor:
        """All images, (N, C, H, W) uint8, as the host's loading gives them.

        Raises:
            UserError: they have no common size, or are no bytes.
        """
        first = self._image(self._kept[0])
        images = torch.empty(
            (len(self), *first.shape), dtype=torch.uint8)
        for row, index in zip(images, self._kept):
            image = self._image(index)
            if image.shape != first.shape:
                raise UserError(
                    f'image {index} is {image.shape}, the first {first.shape}:'
                    ' DeviceRelaTargetDataset needs images of one size; '
                    'set train_dataloader.dataset.type=RelaTargetDataset')
            row.copy_(torch.from_numpy(np.ascontiguousarray(image)))
        return images.permute(0, 3, 1, 2).contiguous().to(self.device)

    def _image(self, index: int) -> np.ndarray:
        image = np.atleast_3d(load_sample(self.dataset, index)['img'])
        with np.errstate(invalid='ignore'):  # NaN
            exact = image.astype(np.uint8, copy=False)
        if exact is not image and (exact != image).any():
            raise UserError(
                f'image {index}, {image.dtype} of {image.min()} to '
                f'{image.max()}, is no whole numbers of 0 to 255: load it as '
                'uint8, or set train_dataloader.dataset.type='
                'RelaTargetDataset')
        return exact

    @cached_property
    def rela_targets(self) -> Tensor:
        """Their targets, (N, k) float32."""
        return torch.from_numpy(self.store[self._kept]).to(self.device)

    def _of_view(self, view: int) -> tuple[Tensor, Tensor]:
        """Images and targets of the view that is on; the last one's go."""
        if self.store.views == 1:
            return self.images, self.rela_targets
        if view not in self._stored:
            images = self.images.permute(0, 2, 3, 1).cpu().numpy()
            crops = np.stack([
                cropped_pixels(image, row, view)
                for image, row in zip(images, self._kept)])
            targets = self.store.of_view(view, self._kept)
            self._stored = {view: (
                torch.from_numpy(crops).permute(0, 3, 1, 2).contiguous().to(
                    self.device),
                torch.from_numpy(targets).to(self.device))}
        return self._stored[view]

    def __getitems__(self, stamps: list[RelaIndex]) -> dict:
        """One batch, of the stage that its first sample is in.

        Returns:
            ``inputs``, a list of views (N, C, H, W) uint8 on the device, and
            N ``data_samples``, with their ``rela_target`` in the RELA stage.
        """
        if get_worker_info() is not None:
            raise UserError('set train_dataloader.num_workers=0: '
                            'DeviceRelaTargetDataset makes its views itself')
        indices, (lam, *_), seeds, (epoch, *_) = zip(*stamps)
        rows = sent(torch.tensor(indices), torch.device(self.device))
        samples, images = [DataSample() for _ in stamps], self.images
        if lam:
            images, targets = self._of_view(self.view_of(epoch))
            for sample, target in zip(samples, targets[rows]):
                sample.set_field(target, 'rela_target')
        views = self._views[lam](images[rows], np.array(seeds, np.uint64))
        return dict(inputs=views, data_samples=samples)
