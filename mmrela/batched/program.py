"""What is done to a batch: drawn before, and sent to the device at once."""
from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from .steps.step import Arrays, Draw, Step


class Span(NamedTuple):
    """Where an array lies among the packed bytes."""
    start: int
    dtype: torch.dtype
    shape: tuple[int, ...]


class Launch(NamedTuple):
    """One step on some images of a group.

    ``rows`` are their places, or ``None`` if it changes all of them.
    """
    step: Step
    rows: np.ndarray | None
    arrays: Arrays


class Packed(NamedTuple):
    """A launch whose arrays lie among the packed bytes."""
    step: Step
    rows: Span | None
    arrays: list[Span]


class Program(NamedTuple):
    """All that a batch needs but its images.

    Args:
        packed: Uint8, all arrays behind each other.
        groups: Those of each group of views.
    """
    packed: Tensor
    groups: list[list[Packed]]

    def to(self, device: torch.device) -> Program:
        """On another device, by one copy that nothing waits for."""
        return self._replace(packed=sent(self.packed, device))

    def run(self, group: int, images: Tensor) -> Tensor:
        """Take a group's images through its steps.

        Args:
            group: Which.
            images: Its views one after the other, (V · N, C, H, W) uint8,
                where ``packed`` is; they may be changed.
        """
        for step, places, spans in self.groups[group]:
            arrays = [_unpacked(self.packed, span) for span in spans]
            if places is None:
                images = step(images, *arrays)
            else:
                rows = _unpacked(self.packed, places)
                chosen = images.index_select(0, rows)
                images.index_copy_(0, rows, step(chosen, *arrays))
        return images


def sent(tensor: Tensor, device: torch.device) -> Tensor:
    """A tensor on the device; the CPU does not wait for its own."""
    if device.type == 'cuda' and tensor.is_cpu and not tensor.is_pinned():
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)


def pack(groups: Iterable[Iterable[Launch]]) -> Program:
    """Put all arrays into one tensor."""
    parts: list[np.ndarray] = []
    size = 0

    def span(array: np.ndarray) -> Span:
        nonlocal size
        start = size
        content = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        gap = np.zeros(-len(content) % 8, np.uint8)  # any type may follow
        parts.extend([content, gap])
        size += len(content) + len(gap)
        kind = torch.from_numpy(np.empty(0, array.dtype)).dtype
        return Span(start, kind, array.shape)

    spans = [[Packed(step, None if rows is None else span(rows),
                     [*map(span, arrays)])
              for step, rows, arrays in launches] for launches in groups]
    packed = np.concatenate(parts or [np.empty(0, np.uint8)])
    return Program(torch.from_numpy(packed), spans)


def _unpacked(packed: Tensor, span: Span) -> Tensor:
    count = int(np.prod(span.shape)) * span.dtype.itemsize
    content = packed[span.start:span.start + count]
    return content.view(span.dtype).view(span.shape)


def launches(views: Sequence[Iterable[Draw]], count: int) -> Iterator[Launch]:
    """Let views of one size go through equal steps together.

    Args:
        views: What each draws, in order.
        count: Images of a view.
    """
    queues = [deque(view) for view in views]
    everything = np.arange(len(views) * count)
    while any(queues):
        step = max(queues, key=len)[0].step
        rows, numbers = _together(queues, step, count)
        if len(rows):
            rows, arrays = step.arranged(rows, numbers)
            whole = np.array_equal(rows, everything)
            yield Launch(step, None if whole else rows, arrays)


def _together(queues: Sequence[deque[Draw]], step: Step,
              count: int) -> tuple[np.ndarray, list[np.ndarray]]:
    """Take what all views whose turn it is have drawn for a step."""
    drawn = [(number, queue.popleft()) for number, queue in enumerate(queues)
             if queue and queue[0].step == step]
    rows = [draw.rows + number * count for number, draw in drawn]
    numbers = zip(*(draw.numbers for _, draw in drawn))
    return np.concatenate(rows), [np.concatenate(parts) for parts in numbers]
