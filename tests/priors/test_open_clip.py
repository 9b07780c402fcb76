"""CLIP's image towers against open_clip's own models and transforms."""
from __future__ import annotations

import open_clip
import pytest
import torch
from open_clip.transformer import QuickGELU
from photos import photos
from torch.nn.functional import cosine_similarity

from mmrela.errors import UserError
from mmrela.priors import build_prior

# model -> (pixels, features, million weights of the image tower)
PAPER = {
    'RN50': (224, 1024, 38.3),
    'RN101': (224, 512, 56.3),
    'RN50x4': (288, 640, 87.1),
    'ViT-B-32': (224, 512, 87.8),
    'ViT-B-16': (224, 512, 86.2),
    'ViT-L-14': (224, 768, 304.0),
}


@pytest.fixture(scope='module')
def reference():
    """open_clip's whole RN50, its weights drawn, and its transform."""
    torch.manual_seed(0)
    model, _, preprocess = open_clip.create_model_and_transforms(
        'RN50', device='cpu')
    for name, value in model.visual.state_dict().items():
        if name.endswith('bn3.weight'):  # starts at zero: a dead branch
            value.fill_(0.5)
    return model.eval(), preprocess


@pytest.fixture(scope='module')
def file(reference, tmp_path_factory):
    file = tmp_path_factory.mktemp('clip') / 'rn50.pt'
    torch.save(reference[0].state_dict(), file)
    return str(file)


@torch.inference_mode()
def features_of(prior):
    return torch.cat([prior.model(prior.preprocess(photo)[None])
                      for photo in photos()])


def test_features_are_open_clips(reference, file):
    model, preprocess = reference
    with torch.inference_mode():
        wanted = torch.cat([model.encode_image(preprocess(photo)[None])
                            for photo in photos()])
    found = features_of(build_prior('open_clip:RN50', file))
    assert cosine_similarity(found, wanted).min() > 0.9999
    mean = wanted.mean(0)  # they differ from photo to photo
    assert cosine_similarity(found - mean, wanted - mean).min() > 0.999
    assert torch.pdist(wanted - mean).min() > 1e-3 * mean.norm()


def test_preprocessing_is_not_imagenets(file):
    prior = build_prior('open_clip:RN50', file)
    imagenet = build_prior('torchvision:resnet50', 'none')
    for photo in photos():
        difference = prior.preprocess(photo) - imagenet.preprocess(photo)
        assert difference.abs().mean() > 0.05
    assert 'mean (0.48145466, 0.4578275, 0.40821073)' in prior.preprocessing
    assert 'bicubic' in prior.preprocessing


@pytest.mark.parametrize('change', [
    lambda state: {f'module.{key}': v for key, v in state.items()},
    lambda state: dict(state_dict=state, epoch=3),
    lambda state: {k: v for k, v in state.items() if k[:6] == 'visual'},
], ids=['ddp', 'nested', 'image tower alone'])
def test_layouts_of_files(file, tmp_path, change):
    state = torch.load(file, weights_only=True)
    torch.save(change(state), tmp_path / 'w.pt')
    prior = build_prior('open_clip:RN50', str(tmp_path / 'w.pt'))
    key = 'layer4.2.conv3.weight'
    assert torch.equal(prior.model.state_dict()[key], state[f'visual.{key}'])


def test_half_precision_and_safetensors(file, tmp_path):
    from safetensors.torch import save_file
    state = {k: v.half() if v.is_floating_point() else v
             for k, v in torch.load(file, weights_only=True).items()}
    save_file(state, tmp_path / 'w.safetensors')
    prior = build_prior('open_clip:RN50', str(tmp_path / 'w.safetensors'))
    weight = prior.model.conv1.weight
    assert weight.dtype == torch.float32
    assert torch.equal(weight, state['visual.conv1.weight'].float())


def test_other_weights_are_refused(file, tmp_path):
    with pytest.raises(UserError, match='another model') as error:
        build_prior('open_clip:RN101', file)
    assert file in str(error.value)
    torch.save({'conv1.weight': torch.zeros(2)}, tmp_path / 'w.pt')
    with pytest.raises(UserError, match='another model'):
        build_prior('open_clip:RN50', str(tmp_path / 'w.pt'))


def test_openai_archive_is_refused_in_a_sentence(tmp_path):
    """Its .pt files are TorchScript programs, which run code."""
    file = str(tmp_path / 'RN50.pt')
    torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 2), torch.ones(1, 2)),
                   file)
    with pytest.raises(UserError, match='TorchScript program; save') as error:
        build_prior('open_clip:RN50', file)
    assert file in str(error.value)


@pytest.mark.parametrize('name', [
    pytest.param(n, marks=[pytest.mark.slow] * (n == 'ViT-L-14'))
    for n in PAPER])
def test_the_papers_encoders(name, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError('the text tower was built')

    monkeypatch.setattr(open_clip.model, '_build_text_tower', refuse)
    pixels, width, millions = PAPER[name]
    prior = build_prior(f'open_clip:{name}', 'none')
    seen = prior.preprocess(photos()[0])
    assert seen.shape == (3, pixels, pixels)
    with torch.inference_mode():
        features = prior.model(seen[None])
    assert features.shape == (1, width) and features.isfinite().all()
    weights = sum(p.numel() for p in prior.model.parameters())
    assert weights / 1e6 == pytest.approx(millions, abs=0.06)
    assert prior.name == f'open_clip:{name}@openai'


def test_none_is_the_same_network_each_time():
    before = torch.get_rng_state()
    prints = [build_prior('open_clip:RN50', 'none').fingerprint()
              for _ in range(2)]
    assert prints[0] == prints[1]
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize('name, width', [
    ('coca_ViT-B-32@laion2b_s13b_b90k', 512),  # it gives tokens as well
    ('convnext_base@laion400m_s13b_b51k', 512),  # one of timm's
])
def test_other_towers(name, width):
    prior = build_prior(f'open_clip:{name}', 'none')
    with torch.inference_mode():
        assert prior.model(torch.randn(1, 3, 224, 224)).shape == (1, width)


@pytest.mark.parametrize('tag, quick', [('openai', True),
                                        ('laion2b_s34b_b79k', False)])
def test_activation_is_that_of_the_weights(tag, quick):
    prior = build_prior(f'open_clip:ViT-B-32@{tag}', 'none')
    found = {isinstance(m, QuickGELU) for name, m
             in prior.model.named_modules() if name.endswith('.gelu')}
    assert found == {quick}


@pytest.mark.parametrize('spec, size, reason', [
    ('RN49', None, 'no such model'),
    ('RN50@nobody', None, 'there are openai, yfcc15m, cc12m'),
    ('RN50', 64, 'sees 224 pixels and no other'),
    ('ViT-B-32', 64, 'sees 224 pixels and no other'),
])
def test_refused(spec, size, reason):
    with pytest.raises(UserError, match=reason):
        build_prior(f'open_clip:{spec}', 'none', size)
