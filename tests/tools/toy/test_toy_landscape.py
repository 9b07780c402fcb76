"""The plane of a landscape, and the losses on it."""
import pytest
import torch

from _lib.toy.landscape import SIDE, landscape, plane
from _lib.toy.mixture import draw, place
from _lib.toy.network import initial, losses


@pytest.fixture(scope='module')
def found():
    """Three straight trajectories in a plane, and their landscape."""
    labels, noise = draw(50, 1)
    x = place(labels, noise, 0.5)
    generator = torch.Generator().manual_seed(0)
    ways = torch.randn(2, 201, generator=generator)
    ends = torch.tensor([[1., 0], [0, 2], [3, 3]]) @ ways
    times = torch.linspace(1, 0, 9)[:, None, None]
    path = initial(2) + times * ends
    return path, x, labels, landscape(path, x, labels)


def test_a_flat_path_lies_in_the_plane(found):
    path, _, _, drawn = found
    assert drawn.share == pytest.approx(1, abs=1e-4)
    before, after = (torch.pdist(points.flatten(0, 1).double())
                     for points in (path, drawn.paths))
    torch.testing.assert_close(after, before, atol=1e-4, rtol=1e-4)
    assert drawn.paths[-1, 0].abs().max() < 1e-5
    low, high = drawn.axes[:, 0], drawn.axes[:, -1]
    assert ((low < drawn.paths) & (drawn.paths < high)).all()


def test_losses_are_those_of_the_parameters_there(found):
    path, x, labels, drawn = found
    directions = plane((path - path[-1, 0]).flatten(0, 1))
    for row, column in [(0, 0), (3, 20), (SIDE - 1, 7)]:
        place_there = torch.stack([drawn.axes[0, column],
                                   drawn.axes[1, row]])
        theta = path[-1, 0] + place_there @ directions
        torch.testing.assert_close(drawn.losses[row, column],
                                   losses(theta[None], x, labels)[0],
                                   atol=1e-5, rtol=1e-4)


def test_plane_keeps_most_of_the_points():
    generator = torch.Generator().manual_seed(1)
    points = torch.randn(30, 5, generator=generator) * torch.tensor(
        [1., 9, 1, 5, 1])
    found = plane(points)
    torch.testing.assert_close(found @ found.T, torch.eye(2))
    values = torch.linalg.eigvalsh(points.T @ points)
    torch.testing.assert_close((points @ found.T).square().sum(),
                               values[-2:].sum())
