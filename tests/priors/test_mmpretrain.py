"""mmpretrain's backbones against mmpretrain's own test pipeline."""
from __future__ import annotations

import pytest
import torch
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope
from mmpretrain import get_model
from mmpretrain.apis.model import ModelHub
from mmpretrain.registry import MODELS, TRANSFORMS
from photos import photos
from torch.nn.functional import cosine_similarity

from mmrela.errors import UserError
from mmrela.priors import build_prior

RESNET = 'resnet18_8xb32_in1k'
BGR = 'mobilevit-xxsmall_3rdparty_in1k'
# Double quotes stand around the names of types.
TYPES = """
model = dict(type="ImageClassifier", backbone=dict(
    type="ResNet", depth=18, base_channels=4, stem_channels=4))
test_dataloader = dict(dataset=dict(type="ImageNet", pipeline=[
    dict(type="LoadImageFromFile"), dict(type="CenterCrop", crop_size=32),
    dict(type="PackInputs")]))
"""


@pytest.fixture(scope='module', autouse=True)
def scope():
    init_default_scope('mmpretrain')


def own_features(model, config, file):
    """What mmpretrain's tester would give the head."""
    pipeline = config.test_dataloader.dataset.pipeline
    packed = Compose([TRANSFORMS.build(step) for step in pipeline])(
        dict(img_path=file))
    settings = dict(config.data_preprocessor, type='ClsDataPreprocessor')
    settings.pop('num_classes')
    seen = MODELS.build(settings)(dict(
        inputs=packed['inputs'][None], data_samples=None))['inputs']
    with torch.inference_mode():
        return model.extract_feat(seen)[-1], seen


@pytest.mark.parametrize('name', [RESNET, BGR])
def test_features_are_mmpretrains(tmp_path, name):
    torch.manual_seed(0)
    model, config = get_model(name).eval(), ModelHub.get(name).config
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'w.pth')
    prior = build_prior(f'mmpretrain:{name}', str(tmp_path / 'w.pth'))
    for i, photo in enumerate(photos()):
        photo.save(tmp_path / f'{i}.png')
        wanted, seen = own_features(model, config, str(tmp_path / f'{i}.png'))
        sees = prior.preprocess(photo)[None]
        torch.testing.assert_close(sees, seen)
        with torch.inference_mode():
            found = prior.model(sees)
        assert found.shape == wanted.shape
        assert cosine_similarity(found, wanted) > 0.9999


def test_channels_are_told():
    described = {name: build_prior(f'mmpretrain:{name}', 'none').preprocessing
                 for name in (RESNET, BGR)}
    assert ', RGB,' in described[RESNET] and ', BGR,' in described[BGR]


def test_images_in_memory_are_rgb(tmp_path):
    prior = build_prior('mmpretrain:resnet18_8xb16_cifar10', 'none')
    photo = photos()[0].resize((32, 32))
    mean, std = (prior.preprocess.mean, prior.preprocess.std)
    pixels = prior.preprocess(photo) * std + mean
    for channel, plane in zip(pixels, photo.split()):
        assert channel.flatten().round().tolist() == list(plane.tobytes())


def test_masked_models_see_the_whole_image():
    prior = build_prior(
        'mmpretrain:mae_vit-base-p16_8xb512-amp-coslr-300e_in1k', 'none', 64)
    x = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        first, second = prior.model(x), prior.model(x)
        tokens = prior.model.backbone(x, mask=None)[-1]
    assert torch.equal(first, second) and first.shape == (2, 768)
    torch.testing.assert_close(first, tokens.sum(1) / tokens.shape[1])


def test_a_config_whose_types_are_classes(tmp_path):
    (tmp_path / 'names.py').write_text(TYPES.replace('"', "'"))
    (tmp_path / 'classes.py').write_text(
        'from mmpretrain.datasets import (\n'
        '    CenterCrop, ImageNet, LoadImageFromFile, PackInputs)\n'
        'from mmpretrain.models import ImageClassifier, ResNet\n'
        + TYPES.replace('"', ''))
    names, classes = (build_prior(f'mmpretrain:{tmp_path}/{name}.py', 'none')
                      for name in ('names', 'classes'))
    photo = photos()[0]
    assert torch.equal(names.preprocess(photo), classes.preprocess(photo))
    assert classes.preprocess(photo).shape == (3, 32, 32)
    assert len(classes.preprocess.steps) == 1 and classes.preprocess.swap


def test_config_of_ones_own(tmp_path):
    config = tmp_path / 'mine.py'
    config.write_text(
        "model = dict(type='ImageClassifier', backbone=dict(type='ResNet', "
        "depth=18, base_channels=4, stem_channels=4))\n"
        'data_preprocessor = dict(mean=[1, 2, 3], std=[4, 5, 6], '
        'to_rgb=True)\n')
    spec = f'mmpretrain:{config}'
    prior = build_prior(spec, 'none', 40)
    assert prior.preprocess(photos()[2]).shape == (3, 40, 40)
    with pytest.raises(UserError, match='pass --image-size'):
        build_prior(spec, 'none')
    with pytest.raises(UserError, match='pass --weights'):
        build_prior(spec, None, 40)
    config.write_text('model = dict()')
    with pytest.raises(UserError, match='no model.backbone'):
        build_prior(spec, 'none', 40)
    with pytest.raises(UserError, match='missing or no config'):
        build_prior(f'mmpretrain:{tmp_path}/no.py', 'none', 40)
    with pytest.raises(UserError, match='no such model'):
        build_prior('mmpretrain:nonsense', 'none')


def test_other_weights_are_refused(tmp_path):
    torch.save({'backbone.conv1.weight': torch.ones(2)}, tmp_path / 'w.pth')
    with pytest.raises(UserError, match='w.pth .*another model'):
        build_prior(f'mmpretrain:{RESNET}', str(tmp_path / 'w.pth'))
