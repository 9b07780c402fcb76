"""Features as points on a plane."""
from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from mmrela.measures.regression import thin_svd

from ..figures import save

MOST = 5000  # points
AXES = 50  # of which t-SNE is told
NAMED = 10  # classes of which a legend tells the colours


def draw_map(features: Tensor, labels: Tensor | None, title: str, file: Path
             ) -> str:
    """Write a map, similar images near each other; what it is.

    Args:
        features: (N, d); at most :data:`MOST` rows are drawn, evenly spaced.
        labels: Classes (N,) int64, which colour the points.
        title: Whose features they are.
        file: Where to.
    """
    step = -(-len(features) // MOST)
    points, kind = places(features[::step])
    figure = Figure(figsize=(6, 6), dpi=120, layout='constrained')
    axes = figure.subplots()
    axes.set_title(f'{title}: {kind}', fontsize=8)
    axes.set(xticks=[], yticks=[])
    _draw(axes, points, None if labels is None else labels[::step])
    save(figure, file)
    return f'a map of {len(points)} images, by {kind}'


def places(features: Tensor) -> tuple[np.ndarray, str]:
    """Where t-SNE puts features (n, d), or their first two principal axes.

    t-SNE, where scikit-learn is installed, of the first :data:`AXES` axes.

    Returns:
        (n, 2), and what they are.
    """
    features = features.double()
    left, roots, _ = thin_svd(features - features.mean(0))
    points = (left * roots).flip(1)[:, :AXES].numpy()
    if find_spec('sklearn') is None or points.shape[1] < 3:
        points = np.pad(points, ((0, 0), (0, 2)))  # of features all alike
        return points[:, :2], 'the first two principal axes'
    return tsne(points), 't-SNE'


def tsne(points: np.ndarray | Tensor) -> np.ndarray:
    """Map of points (n, d) to two dimensions, (n, 2), by scikit-learn."""
    from sklearn.manifold import TSNE
    return TSNE(
        init='pca', random_state=0, perplexity=min(30, (len(points) - 1) / 3)
    ).fit_transform(np.asarray(points))


def _draw(axes: Axes, points: np.ndarray, labels: Tensor | None) -> None:
    look = dict(s=max(4, 40 - len(points) / 50), linewidths=0)
    if labels is None:
        axes.scatter(*points.T, **look)
        return
    classes = labels.unique().tolist()
    if len(classes) > NAMED:
        axes.scatter(*points.T, c=labels, cmap='hsv', **look)
        return
    for label in classes:
        axes.scatter(*points[labels == label].T, label=label, **look)
    axes.legend(title='class', fontsize=8)
