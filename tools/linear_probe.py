"""Train a linear classifier on frozen features (paper, Table 9)."""
from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from mmengine.config import Config
from torch import Tensor, nn
from tqdm import trange

from _lib.cli import run
from _lib.config import add_config_arguments, load_config, misspelt
from mmrela.errors import UserError
from mmrela.features.extract import extract
from mmrela.features.images import images_of
from mmrela.features.labelled import LabelledImages
from mmrela.files.atomic import write_atomically
from mmrela.priors import Prior, build_prior, load_student


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_config_arguments(parser)
    parser.add_argument(
        'checkpoint', nargs='?', help='a checkpoint of this config')
    parser.add_argument(
        '--prior', help='probe a prior model instead of a checkpoint')
    parser.add_argument('--weights', metavar='FILE|none', help='of the prior')
    parser.add_argument('--image-size', type=int, metavar='S')
    parser.add_argument('--epochs', type=int, default=100)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--out', metavar='FILE.json', help='write the result')
    return parser.parse_args()


def labelled_features(cfg: Config, model: Prior,
                      split: str) -> tuple[Tensor, Tensor]:
    """Features (N, d) and labels (N,) of ``cfg.probe``'s ``split``."""
    labelled = LabelledImages(f'probe.{split}', cfg.probe.get(split))
    images = images_of(cfg, labelled.dataset, model)
    features = torch.cat([some for some, _ in extract(images, split)])
    return features, labelled.labels


def probe(train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor],
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


def main() -> None:
    args = parse_args()
    if (args.checkpoint is None) == (args.prior is None):
        raise UserError('name either a checkpoint or a --prior')
    cfg = load_config(args)
    if 'probe' not in cfg:
        raise UserError(f'{args.config} has no `probe` entry with labelled '
                        'train and test images')
    if args.prior:
        model = build_prior(args.prior, args.weights, args.image_size, cfg)
    else:
        model = load_student(args.checkpoint, args.image_size, cfg)
    with misspelt(args.config):
        train, test = (labelled_features(cfg, model, s)
                       for s in ('train', 'test'))
    top1 = probe(train, test, args.epochs, args.seed)
    print(f'linear probe of {model.name}: top-1 {top1:.2f} %')
    if args.out:
        result = dict(linear_top1=round(top1, 2), model=model.name,
                      train_images=len(train[0]), test_images=len(test[0]),
                      epochs=args.epochs, seed=args.seed)
        write_atomically(Path(args.out), json.dumps(result).encode())


if __name__ == '__main__':
    run(main)
