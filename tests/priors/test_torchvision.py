"""torchvision's models on real photographs, with real weights."""
from __future__ import annotations

from pathlib import Path

import pytest
import torch
from photos import photos
from torch.nn.functional import cosine_similarity
from torchvision import models

from mmrela.priors import build_prior

WEIGHTS = (Path(__file__).parents[2] / 'data' / 'weights'
           / 'mobilenet_v2-b0353104.pth')


@pytest.mark.parametrize('name', ['mobilenet_v2', 'resnet18', 'vit_b_16'])
def test_preprocessing_is_torchvisions(name):
    prior = build_prior(f'torchvision:{name}', 'none')
    transform = models.get_model_weights(name).IMAGENET1K_V1.transforms()
    for photo in photos():
        assert torch.equal(prior.preprocess(photo), transform(photo))


@pytest.mark.skipif(not WEIGHTS.exists(),
                    reason='run tools/prepare_mobilenet_v2.py')
def test_real_weights():
    """The classifier, put back on the features, knows the photographs."""
    prior = build_prior(f'torchvision:mobilenet_v2,weights={WEIGHTS}')
    entry = models.MobileNet_V2_Weights.IMAGENET1K_V1
    model = models.mobilenet_v2().eval()
    model.load_state_dict(torch.load(WEIGHTS, weights_only=True))
    x = torch.stack([prior.preprocess(photo) for photo in photos()])
    with torch.inference_mode():
        features = prior.model(x)
        logits = features @ model.classifier[1].weight.T
        logits += model.classifier[1].bias
        wanted = model(x)
    assert features.shape == (4, 1280)
    assert cosine_similarity(logits, wanted).min() > 0.9999
    best = [entry.meta['categories'][i] for i in logits.argmax(1)]
    assert best[1] == best[3] and best[0] != best[1], best
