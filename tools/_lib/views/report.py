"""The study of views as a picture and a JSON file."""
from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from mmrela.files.atomic import write_atomically

from ..figures import save
from ..markdown import table


def write(found: dict, stem: Path) -> None:
    """Write ``STEM.json`` and ``STEM.png``; ``found``: see ``study``."""
    write_atomically(Path(f'{stem}.json'), json.dumps(found).encode())
    draw(found, Path(f'{stem}.png'))


def markdown(found: dict) -> str:
    """Overlap by strength."""
    rows = [[name(panel), f'{100 * panel["error"]:.1f}']
            for panel in found['panels']]
    return (f'{table(["least scale of the crop", "kNN error, %"], rows)}\n\n'
            f'{" and ".join(found["names"])}, {found["images"]} images, '
            f'{found["space"]}; the error is that of '
            f'{found["neighbours"]} nearest neighbours, 50 % where the '
            'classes cannot be told apart.')


def name(panel: dict) -> str:
    return 'no crop' if panel['scale'] is None else f'{panel["scale"]}'


def draw(found: dict, file: Path) -> None:
    """A panel for each strength, points in the colours of two classes."""
    labels = np.array(found['labels'])
    figure = Figure(figsize=(12, 8.4), dpi=100, layout='constrained')
    panels = figure.subplots(2, 3).ravel()
    for axes, panel in zip(panels, found['panels']):
        points = np.array(panel['map'])
        for label, title, color in zip(
                found['classes'], found['names'], ('C0', 'C1')):
            axes.plot(*points[labels == label].T, '.', color=color, ms=3,
                      label=title)
        axes.set(xticks=[], yticks=[], title=(
            f'{name(panel)}: kNN error {panel["error"]:.1%}'))
    panels[0].legend(fontsize=8)
    figure.suptitle(f't-SNE of {found["space"]}, by the least scale of '
                    'RandomResizedCrop')
    save(figure, file)
