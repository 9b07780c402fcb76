"""Nearest neighbours by targets or features, and spectra, as a picture."""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch.utils.data import Dataset

from mmrela.errors import UserError
from mmrela.measures.neighbours import nearest
from mmrela.pictures.rgb import Sample
from mmrela.targets import TargetStore, hash_ids

from ..figures import save

NEIGHBOURS = 5


def open_stores(directories: list[str], dataset: Dataset) -> list[TargetStore]:
    """Stores that are of these images."""
    stores = [TargetStore.open(directory) for directory in directories]
    ids = hash_ids(dataset.sample_ids())
    for store in stores:
        store.check(ids, len(dataset.dataset))
    return stores


def choose(images: list[int] | None, count: int) -> list[int]:
    """Rows of the images to look at."""
    if count <= NEIGHBOURS:
        raise UserError(f'there are {count} images: neighbours need more than '
                        f'{NEIGHBOURS}')
    chosen = images or np.linspace(0, count - 1, 6).astype(int).tolist()
    if not all(0 <= image < count for image in chosen):
        raise UserError(f'--images must lie in 0 to {count - 1}')
    return chosen


def draw_images(axes: list[Axes], dataset: Dataset, rows: list[int]) -> None:
    for place, row in zip(axes, rows):
        place.imshow(Sample(dataset, row).image)


@dataclass
class Shown:
    """Vectors of all images.

    Args:
        title: What they are.
        vectors: (N, k), rows of which are read by an array of indices.
        kept: Variance that the first components keep, shares (k,); (0,) if
            nobody knows.
    """
    title: str
    vectors: TargetStore | np.ndarray
    kept: np.ndarray


def of_store(store: TargetStore) -> Shown:
    """Targets, and what their PCA kept of the prior's features."""
    kept = np.empty(0)
    if store.has_pca:
        pca = store.pca
        kept = pca.variances.cumsum(0) / pca.total
    name = store.manifest.prior.get('name', 'targets')
    return Shown(f'{name} ({store.directory.name})', store, kept)


def draw_spectra(axes: Axes, shown: list[Shown]) -> None:
    for each in shown:
        axes.plot(range(1, len(each.kept) + 1), 100 * each.kept,
                  label=each.title)
    axes.set(title='variance kept, %', xlabel='components', xscale='log',
             ylim=(0, 102))
    axes.legend(fontsize=8)


def picture(dataset: Dataset, shown: list[Shown], chosen: list[int],
            file: Path) -> None:
    """A row an image: itself, then its neighbours by each of the vectors."""
    ratios = [1] + ([0.3] + [1] * NEIGHBOURS) * len(shown)
    width = 0.8 * sum(ratios)
    figure = Figure(figsize=(width + 4, 0.8 * len(chosen) + 0.4), dpi=90,
                    layout='constrained')
    left, right = figure.subfigures(1, 2, width_ratios=[width, 4])
    grid = left.subplots(len(chosen), len(ratios), squeeze=False,
                         width_ratios=ratios)
    for axes in grid.flat:
        axes.set_axis_off()
    draw_images(grid[:, 0], dataset, chosen)
    for number, each in enumerate(shown):
        first = 2 + number * (1 + NEIGHBOURS)
        title = grid[0, first].set_title(each.title, loc='left', fontsize=8)
        title.set_in_layout(False)  # or its column grows as wide as it
        found = nearest(each.vectors, chosen, NEIGHBOURS).tolist()
        for axes, rows in zip(grid[:, first:first + NEIGHBOURS], found):
            draw_images(axes, dataset, rows)
    draw_spectra(right.subplots(), shown)
    save(figure, file)
