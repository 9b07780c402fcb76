"""Which images of each class: a second look at what the prior says."""
from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmpretrain.registry import DATASETS
from PIL import Image
from torch import nn
from torchvision.transforms import v2

from mmrela.errors import UserError
from mmrela.features.images import PriorImages
from mmrela.generation.choose import choose
from mmrela.generation.pieces import Piece
from mmrela.pictures.rgb import Sample
from mmrela.priors import Prior

IMAGES = 60


def make(cifar_root, head: nn.Module | None = None):
    """Images, labels, and a prior whose features are means of colours."""
    dataset = DATASETS.build(dict(
        type='CIFAR10Binary', data_root=str(cifar_root), split='train',
        indices=IMAGES))
    prior = Prior('means', Means(), v2.Compose([
        v2.PILToTensor(), v2.ToDtype(torch.float32)]), '', head=head)
    labels = torch.tensor(dataset.get_gt_labels())
    return PriorImages(dataset, prior), labels


class Means(nn.Module):

    def forward(self, x):
        return x.mean((2, 3)) / 255


def features(images):
    pixels = [np.asarray(Sample(images.dataset, i).image) / 255.
              for i in range(IMAGES)]
    return torch.tensor(np.stack([p.mean((0, 1)) for p in pixels])).float()


@pytest.fixture
def head():
    torch.manual_seed(0)
    return nn.Linear(3, 10).requires_grad_(False)


def test_random_ones_are_of_each_class_and_of_the_seed(cifar_root):
    images, labels = make(cifar_root)
    first, again, other = (choose(images, labels, [], 2, 'random', seed)
                           for seed in (0, 0, 1))
    assert first == again != other
    assert [piece.label for piece in first] == sorted(2 * [*range(10)])
    assert all(labels[piece.row] == piece.label for piece in first)
    assert len({piece.row for piece in first}) == 20
    more = choose(images, labels, [], 4, 'random', 0)
    assert {*first} < {*more}  # 10 a class hold those of 1 a class


def test_unreadable_images_are_not_chosen(cifar_root):
    images, labels = make(cifar_root)
    pieces = choose(images, labels, range(0, IMAGES - 10), 1, 'random', 0)
    assert [piece.row for piece in pieces] == [*range(IMAGES - 10, IMAGES)]
    with pytest.raises(UserError, match='class 0 has 1 images'):
        choose(images, labels, range(0, IMAGES - 10), 2, 'random', 0)


@pytest.mark.parametrize('classifier', [False, True])
def test_ranked(classifier, cifar_root, head):
    images, labels = make(cifar_root, head if classifier else None)
    found, scores = features(images), torch.empty(IMAGES)
    centred = F.normalize(found - found.mean(0))
    for i, label in enumerate(labels.tolist()):
        mean = centred[labels == label].mean(0)
        scores[i] = head(found)[i].log_softmax(0)[label] if classifier else (
            centred[i] @ mean / mean.norm())
    for piece in choose(images, labels, [], 1, 'ranked', 0):
        own = scores[labels == piece.label]
        assert piece.seed is None
        assert scores[piece.row] == pytest.approx(own.max().item(), abs=1e-5)


def test_the_best_crop_of_five(cifar_root, head):
    images, labels = make(cifar_root, head)
    at_once = []
    seeing = head.register_forward_pre_hook(
        lambda _, given: at_once.append(len(given[0])))
    pieces = choose(images, labels, [], 2, 'crops', 3)
    seeing.remove()
    assert at_once == [128, 128, 44]  # ImageNet's candidates are 1.5 million
    assert len({piece.row for piece in pieces}) == 20

    def score(piece):
        seen = torch.tensor(np.asarray(piece.of(images.dataset).image))
        return head(seen.float().mean((0, 1)) / 255).log_softmax(
            0)[piece.label].item()

    seeds = {piece.seed for piece in pieces}
    assert 1 < len(seeds) <= 5
    for piece in pieces:
        assert score(piece) == pytest.approx(max(
            score(piece._replace(seed=seed)) for seed in seeds), abs=1e-5)


def test_a_crop_is_of_its_image_and_seed(cifar_root):
    images, _ = make(cifar_root)
    whole, crop, again, other = (
        Piece(3, 0, seed).of(images.dataset) for seed in (None, 5, 5, 6))
    assert whole.image == Sample(images.dataset, 3).image
    assert crop.image == again.image != other.image
    assert crop.image.size == whole.image.size
    assert isinstance(crop.image, Image.Image) and crop.id != whole.id
