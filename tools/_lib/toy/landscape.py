"""Losses on a plane of the parameters, after Li et al. (2018)."""
from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .network import losses

SIDE = 31  # points of the grid
_MARGIN = 0.25  # of the trajectories' extent


@dataclass
class Landscape:
    """What a contour plot shows.

    Attributes:
        axes: Coordinates of the grid's columns and rows, (2, SIDE).
        losses: (SIDE, SIDE), rows along the second axis.
        paths: Trajectories on the plane, (points, trajectories, 2).
        share: How much of their squared distance from the origin lies in it.
    """
    axes: Tensor
    losses: Tensor
    paths: Tensor
    share: float


def landscape(path: Tensor, x: Tensor, y: Tensor) -> Landscape:
    """Losses around trajectories.

    The plane goes through the end of the first one, along the two principal
    directions of all their points seen from there. Its losses are those of
    the plane's own parameters: a trajectory passes over it at some distance.

    Args:
        path: (points, trajectories, parameters).
        x, y: Validation set, (n, 2) and (n,).
    """
    origin = path[-1, 0]
    directions = plane(path.flatten(0, 1) - origin)
    inside = (path - origin) @ directions.T
    low, high = inside.amin((0, 1)), inside.amax((0, 1))
    room = _MARGIN * (high - low)
    axes = torch.stack([torch.linspace(a, b, SIDE) for a, b in zip(
        (low - room).tolist(), (high + room).tolist())])
    columns, rows = torch.meshgrid(*axes, indexing='xy')
    grid = torch.stack([columns, rows], -1) @ directions + origin
    share = inside.square().sum() / (path - origin).square().sum()
    return Landscape(axes, losses(grid, x, y), inside, share.item())


def plane(points: Tensor) -> Tensor:
    """Two orthonormal directions (2, d) that keep most of points (n, d)."""
    _, _, directions = torch.linalg.svd(points, full_matrices=False)
    return directions[:2]
