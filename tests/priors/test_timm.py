"""timm's models against timm's own loading and transforms."""
from __future__ import annotations

import pytest
import timm
import torch
from photos import photos
from timm.data import create_transform, resolve_data_config
from torch.nn.functional import cosine_similarity

from mmrela.errors import UserError
from mmrela.priors import build_prior

MODELS = ['resnet10t', 'vit_tiny_patch16_224', 'mobilenetv3_small_050']


@pytest.fixture(params=MODELS)
def reference(request, tmp_path):
    """A model with its classifier, and a file of its weights."""
    torch.manual_seed(3)
    model = timm.create_model(request.param)
    file = tmp_path / 'w.pth'
    torch.save(model.state_dict(), file)
    return request.param, model.eval(), str(file)


def test_features_are_timms(reference):
    name, model, file = reference
    transform = create_transform(**resolve_data_config({}, model=model))
    prior = build_prior(f'timm:{name}', file)
    for photo in photos():
        x = transform(photo)[None]
        assert torch.equal(prior.preprocess(photo)[None], x)
        with torch.inference_mode():
            wanted = model.forward_head(
                model.forward_features(x), pre_logits=True)
            found = prior.model(prior.preprocess(photo)[None])
        assert found.shape == wanted.shape
        assert cosine_similarity(found, wanted) > 0.9999


@pytest.mark.parametrize('name', MODELS)
def test_none_is_the_same_network_each_time(name):
    before = torch.get_rng_state()
    prints = [build_prior(f'timm:{name}', 'none').fingerprint()
              for _ in range(2)]
    assert prints[0] == prints[1]
    assert torch.equal(torch.get_rng_state(), before)


def test_image_size_leaves_no_margin():
    prior = build_prior('timm:resnet10t', 'none', 48)
    transform = create_transform(
        (3, 48, 48), interpolation='bicubic', crop_pct=1.)
    for photo in photos():
        assert torch.equal(prior.preprocess(photo), transform(photo))
    assert 'crop_pct 1.0' in prior.preprocessing


@pytest.mark.parametrize('name, own, side', [
    ('vit_tiny_patch16_224', 224, 96),  # a class token
    ('vit_wee_patch16_reg1_gap_256', 256, 64)])  # none, but a register
def test_transformers_are_built_for_another_size(tmp_path, name, own, side):
    """Position embeddings are resampled as timm itself does it."""
    torch.manual_seed(3)
    file = tmp_path / 'w.pth'
    torch.save(timm.create_model(name).state_dict(), file)
    prior = build_prior(f'timm:{name},size={side}', str(file))
    x = prior.preprocess(photos()[0])
    assert x.shape == (3, side, side)
    model = timm.create_model(
        name, pretrained=True, num_classes=0, img_size=side,
        pretrained_cfg_overlay=dict(file=str(file))).eval()
    with torch.inference_mode():
        torch.testing.assert_close(prior.model(x[None]), model(x[None]))
    whole = build_prior(f'timm:{name},size={own}', str(file))
    assert whole.fingerprint() == build_prior(
        f'timm:{name}', str(file)).fingerprint() != prior.fingerprint()


def test_safetensors(tmp_path):
    model = timm.create_model('resnet10t')
    from safetensors.torch import save_file
    save_file(model.state_dict(), tmp_path / 'w.safetensors')
    prior = build_prior('timm:resnet10t', str(tmp_path / 'w.safetensors'))
    for key, value in prior.model.state_dict().items():
        assert torch.equal(value, model.state_dict()[key]), key


@pytest.mark.parametrize('state', [
    {}, {'fc.weight': torch.zeros(2)}, timm.create_model('resnet18').
    state_dict()], ids=['none', 'strange', 'resnet18'])
def test_other_weights_are_refused(tmp_path, state):
    torch.save(state, tmp_path / 'w.pth')
    with pytest.raises(UserError, match='w.pth'):
        build_prior('timm:resnet10t', str(tmp_path / 'w.pth'))


def test_weights_that_fit_no_other_size(tmp_path):
    torch.save(timm.create_model('gmixer_12_224').state_dict(),
               tmp_path / 'w.pth')
    with pytest.raises(UserError, match='w.pth into gmixer_12_224 for images '
                       'of 96 pixels: its keys or shapes'):
        build_prior('timm:gmixer_12_224,size=96', str(tmp_path / 'w.pth'))


@pytest.mark.parametrize('name, size, reason', [
    ('nonsense', None, 'no such model'),
    ('resnet10t.nonsense', None, 'no such model'),
    ('vit_tiny_patch16_224', 100, 'patches of 16 pixels: pass a multiple'),
])
def test_refused(name, size, reason):
    with pytest.raises(UserError, match=reason):
        build_prior(f'timm:{name}', 'none', size)
