"""Linear classification of frozen features (paper, Table 9)."""
from __future__ import annotations

import torch
from mmengine.config import Config
from torch import Tensor, nn
from tqdm import trange

from ..measures.neighbours import top
from ..priors import Prior
from ..rng import seeded
from .labelled import Labelled, both_splits

BATCH = 128


def probe(cfg: Config, model: Prior, epochs: int, seed: int) -> dict:
    """Score a model's features of the config's labelled images.

    Args:
        cfg: Its ``probe`` names images to train on, and to test on, and may
            have a ``batch_size``.
        model: Whose features are classified.
        epochs: See :func:`classify`, as for ``seed``.

    Raises:
        UserError: the images are not there, or have no labels.
    """
    splits = both_splits(cfg, model)
    train, test, _ = splits
    logits = classify(train, test[0], epochs, seed,
                      cfg.probe.get('batch_size', BATCH))
    return dict(linear_top1=round(top(logits, test[1], 1), 2),
                model=model.name, train_images=len(train[0]),
                test_images=len(test[0]), warning=splits.warning(),
                epochs=epochs, seed=seed)


def classify(train: Labelled, test: Tensor, epochs: int = 100,
             seed: int = 0, batch_size: int = BATCH) -> Tensor:
    """Logits of ``nn.Linear`` after Adam, 3e-4.

    Args:
        train: Features (N, d) float32 and labels (N,) int64.
        test: Features of the images to score, (n, d).
        epochs: Passes over the training features.
        seed: Of the classifier's weights and the order of the batches.
        batch_size: 128; 1024 for ImageNet-1K (paper, Table 9).

    Returns:
        (n, classes) float32 on the CPU.
    """
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    features, labels = (t.to(device) for t in train)
    with seeded(seed):
        linear = nn.Linear(features.shape[1], int(labels.max()) + 1).to(device)
        _fit(linear, features, labels, epochs, batch_size)
    with torch.inference_mode():
        return linear(test.to(device)).cpu()


def _fit(linear: nn.Linear, features: Tensor, labels: Tensor, epochs: int,
         batch_size: int) -> None:
    optimizer = torch.optim.Adam(linear.parameters(), lr=3e-4)
    for _ in trange(epochs, desc='probe', unit='epoch'):
        for batch in torch.randperm(len(labels)).to(features.device).split(
                batch_size):
            loss = nn.functional.cross_entropy(
                linear(features[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
