"""Linear classification of frozen features (paper, Table 9)."""
from __future__ import annotations

import torch
from mmengine.config import Config
from torch import Tensor, nn
from tqdm import trange

from mmrela.datasets.access import content_id
from mmrela.features.extract import extract
from mmrela.features.images import images_of
from mmrela.features.labelled import LabelledImages
from mmrela.priors import Prior

from ..config import misspelt


def probe(cfg: Config, model: Prior, epochs: int, seed: int) -> dict:
    """Score a model's features of the config's labelled images.

    Args:
        cfg: Its ``probe`` names images to train on, and to test on.
        model: Whose features are classified.
        epochs: See :func:`classify`, as for ``seed``.

    Raises:
        UserError: the images are not there, or have no labels.
    """
    with misspelt(cfg.filename):
        train, test = (labelled_features(cfg, model, split)
                       for split in ('train', 'test'))
        seen = train[2] & test[2]
    top1 = classify(train[:2], test[:2], epochs, seed)
    return dict(linear_top1=round(top1, 2), model=model.name,
                train_images=len(train[0]), test_images=len(test[0]),
                seen=len(seen) / len(test[2]), epochs=epochs, seed=seed)


def sentence(result: dict) -> str:
    """What :func:`probe` found, for the user."""
    text = (f'linear probe of {result["model"]}: top-1 '
            f'{result["linear_top1"]:.2f} %')
    if result['seen'] > 0.01:
        text += (f'; {result["seen"]:.0%} of the test images are training '
                 'images, so this says little of unseen ones: look at '
                 '`probe`')
    return text


def labelled_features(cfg: Config, model: Prior,
                      split: str) -> tuple[Tensor, Tensor, set[str]]:
    """Features (N, d), labels (N,) and contents of ``cfg.probe``'s part."""
    labelled = LabelledImages(f'probe.{split}', cfg.probe.get(split))
    images = images_of(cfg, labelled.dataset, model)
    features = torch.cat([some for some, _ in extract(images, split)])
    return features, labelled.labels, {
        content_id(labelled.dataset, i) for i in labelled.rows}


def classify(train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor],
             epochs: int = 100, seed: int = 0) -> float:
    """Top-1 in per cent of ``nn.Linear`` after Adam, 3e-4, batch 128.

    Args:
        train: Features (N, d) float32 and labels (N,) int64.
        test: The same of the images to score.
        epochs: Passes over the training features.
        seed: Of the classifier's weights and the order of the batches.
    """
    torch.manual_seed(seed)
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    features, labels = (t.to(device) for t in train)
    linear = nn.Linear(features.shape[1], int(labels.max()) + 1).to(device)
    optimizer = torch.optim.Adam(linear.parameters(), lr=3e-4)
    for _ in trange(epochs, desc='probe', unit='epoch'):
        for batch in torch.randperm(len(labels)).to(device).split(128):
            loss = nn.functional.cross_entropy(
                linear(features[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    with torch.inference_mode():
        hits = linear(test[0].to(device)).argmax(1).cpu() == test[1]
    return 100 * hits.float().mean().item()
