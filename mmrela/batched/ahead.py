"""Batches of views whose colours are left to the device."""
from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import default_collate

from ..errors import UserError
from .program import Program, sent
from .views import in_order


@dataclass
class ViewBatch:
    """Views as the workers leave them, and what is left to do.

    Args:
        images: Of each group of views, one after the other, (V · N, C, H, W)
            uint8.
        groups: Numbers of their views.
        program: The rest, drawn already.
        arrived: When copies that have begun are there.
    """
    images: list[Tensor]
    groups: list[list[int]]
    program: Program
    arrived: torch.cuda.Event | None = None

    def pin_memory(self) -> ViewBatch:
        """Begin to copy all to the GPU; the loader's own thread calls it.

        From pinned memory, on a stream of its own: so the copy goes on
        while the last step computes. As many batches lie there as the
        loader is ahead.
        """
        device = torch.device('cuda', torch.cuda.current_device())
        stream = _stream(device)
        with torch.cuda.stream(stream):
            return ViewBatch([sent(images, device) for images in self.images],
                             self.groups, self.program.to(device),
                             stream.record_event())

    def __iter__(self) -> Iterator[Tensor]:
        """Views, (N, C, H, W), as hooks see them: without their colours."""
        return iter(in_order(self.groups, self.images))

    def views(self, device: torch.device) -> list[Tensor]:
        """All views, complete, each (N, C, H, W) uint8 on the device."""
        if self.arrived is not None:
            current = torch.cuda.current_stream()
            current.wait_event(self.arrived)
            for tensor in (*self.images, self.program.packed):
                tensor.record_stream(current)
        program = self.program.to(device)
        # Copies, as DDP's hook may ask for a batch's views before the model.
        return in_order(self.groups, (
            program.run(number, sent(images, device).clone())
            for number, images in enumerate(self.images)))


@functools.cache
def _stream(device: torch.device) -> torch.cuda.Stream:
    return torch.cuda.Stream(device)


class ViewCollate:
    """Puts samples together whose pipelines end with a ``Stamp``.

    Args:
        collate: The loader's own, for all but the views.
    """

    def __init__(self, collate: Callable) -> None:
        self.collate = collate

    def __call__(self, samples: Sequence[dict]) -> dict:
        """``inputs``, a :class:`ViewBatch`, and what else samples have."""
        rest = [{key: value for key, value in sample.items()
                 if key not in ('inputs', 'left')} for sample in samples]
        steps = samples[0]['left'][0]
        seeds = np.array([sample['left'][1] for sample in samples], np.uint64)
        views = [*zip(*(sample['inputs'] for sample in samples))]
        sizes = [_size(view) for view in views]
        groups = steps.groups(sizes)
        images = [default_collate(  # which shares their memory at once
            [image for number in group for image in views[number]])
            for group in groups]
        program = steps.draw(seeds, sizes, groups)
        return dict(inputs=ViewBatch(images, groups, program),
                    **self.collate(rest))


def completed(sample: dict) -> list[Tensor]:
    """Views of one sample, (C, H, W), with what was left of them done."""
    batch = ViewCollate(lambda rest: {})([sample])['inputs']
    return [view[0] for view in batch.views(torch.device('cpu'))]


def _size(view: Sequence[Tensor]) -> tuple[int, int]:
    """Height and width of one view of all samples."""
    if len({image.shape for image in view}) > 1:
        raise UserError('train_dataloader.dataset.pipeline: views of a batch '
                        'have several sizes: put a RandomResizedCrop first')
    if view[0].dtype != torch.uint8:
        raise UserError(
            'train_dataloader.dataset.pipeline: colours on the device need '
            f'images of bytes, not {view[0].dtype}: load them without '
            'to_float32, or train without DeviceColoursHook')
    height, width = view[0].shape[1:]
    return height, width


@torch.compiler.disable
def finish_views(preprocessor: nn.Module, args: tuple) -> tuple | None:
    """Give a preprocessor complete views, as a forward pre-hook of it."""
    data, *others = args
    if not isinstance(data['inputs'], ViewBatch):
        return None
    views = data['inputs'].views(preprocessor.device)
    return dict(data, inputs=views), *others
