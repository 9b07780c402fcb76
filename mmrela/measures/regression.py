"""Which prior suits some images, from features alone and before training."""
from __future__ import annotations

import torch
from torch import Tensor

PENALTIES = 10. ** torch.arange(-6, 3, dtype=torch.float64)
DIRECTIONS = 32  # of the targets, on which the penalty is chosen


class Ridge:
    """Linear regression with a penalty on ``W``, in closed form.

    The penalty, one of :data:`PENALTIES` times the mean eigenvalue of the
    features' scatter, is the one with the least leave-one-out error, which
    has a closed form, too. One decomposition serves all targets.

    Args:
        x: Features to predict from, (n, d).

    Example:
        >>> predicted = Ridge(x).fit(y)(other_x)  # (m, k)
    """

    def __init__(self, x: Tensor) -> None:
        x = x.double()
        self.mean = x.mean(0)
        centred = x - self.mean
        self.left, roots, self.right = thin_svd(centred)
        self.squares = roots**2  # (r,)

    def fit(self, y: Tensor) -> Ridge:
        """Choose the penalty and ``W`` for targets (n, k)."""
        y = y.double()
        self.offset = y.mean(0)
        y = y - self.offset
        penalty = min(self.penalties(), key=lambda p: self._left_out(y, p))
        scaled = self.left.T @ y * self._shrink(penalty)[:, None]
        self.weight = self.right @ (scaled / self.squares.sqrt()[:, None])
        return self

    def __call__(self, x: Tensor) -> Tensor:
        """Predict targets, (m, k) float64, from features (m, d)."""
        return (x.double() - self.mean) @ self.weight + self.offset

    def penalties(self) -> list[float]:
        """Those to choose from."""
        return (PENALTIES * self.squares.mean()).tolist()

    def _shrink(self, penalty: float) -> Tensor:
        return self.squares / (self.squares + penalty)  # (r,)

    def _left_out(self, y: Tensor, penalty: float) -> float:
        """Squared error for each sample by a fit to the others."""
        if y.shape[1] > DIRECTIONS:
            generator = torch.Generator().manual_seed(0)
            y = y @ torch.randn(y.shape[1], DIRECTIONS, dtype=y.dtype,
                                generator=generator).to(y.device)
        weighted = self.left * self._shrink(penalty)
        leverage = 1 / len(y) + (weighted * self.left).sum(1)  # (n,)
        residual = y - weighted @ (self.left.T @ y)
        return float((residual / (1 - leverage)[:, None]).square().sum())


def thin_svd(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """``x`` (n, d) = U diag(s) Vᵀ, without directions of no variance."""
    wide = x.shape[0] < x.shape[1]
    values, vectors = torch.linalg.eigh(x @ x.T if wide else x.T @ x)
    kept = not_noise(values)
    roots, vectors = values[kept].sqrt(), vectors[:, kept]
    if wide:
        return vectors, roots, x.T @ vectors / roots
    return x @ vectors / roots, roots, vectors


def not_noise(values: Tensor) -> Tensor:
    """Which eigenvalues, ascending, are of directions with variance."""
    return values > 1e-12 * values[-1].clamp_min(1e-300)


def halves(count: int) -> list[tuple[Tensor, Tensor]]:
    """Two splits of ``count`` samples, to fit on and to test on."""
    order = torch.randperm(count, generator=torch.Generator().manual_seed(0))
    first, second = order[:count // 2], order[count // 2:]
    return [(first, second), (second, first)]


def distances(features: list[Tensor]) -> Tensor:
    """Representation distances between models (paper, definition 4).

    The definition's loss counts vectors that are not hit exactly; here it
    is the squared error, relative to the target's variance: 0 if a linear
    map of the source predicts the target on held-out samples, 1 if it does
    no better than the mean.

    Args:
        features: Of the same n samples by each model, (n, d_i).

    Returns:
        (models, models): from the row's model to the column's.
    """
    found = torch.zeros(len(features), len(features), dtype=torch.float64)
    for fitted, tested in halves(len(features[0])):
        for s, source in enumerate(features):
            ridge = Ridge(source[fitted])
            for t, target in enumerate(features):
                target = target.double()
                ridge.fit(target[fitted])
                found[s, t] += _error(
                    ridge, source[tested], target[tested]) / 2
    return found


def _error(ridge: Ridge, x: Tensor, y: Tensor) -> float:
    """Squared error of a prediction, relative to that of the mean."""
    error = (ridge(x) - y).square().sum()
    return float(error / (y - ridge.offset).square().sum())


def explained(targets: Tensor, features: Tensor) -> float:
    """Share of the targets' variance that the features predict, up to 1.

    Linearly, on samples that the map was not fitted to.

    Args:
        targets: (n, k).
        features: Of the same n samples, (n, d).
    """
    targets = targets.double()
    errors = [_error(Ridge(features[fitted]).fit(targets[fitted]),
                     features[tested], targets[tested])
              for fitted, tested in halves(len(features))]
    return 1 - sum(errors) / len(errors)
