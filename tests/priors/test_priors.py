import copy
import hashlib
import pickle
import random
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hosts import CONFIGS, small_config
from mmengine.config import Config
from mmengine.logging import HistoryBuffer
from mmpretrain.registry import MODELS
from PIL import Image
from smooth import smooth_images
from torch import nn
from torchvision import models

from mmrela.errors import UserError
from mmrela.priors import Prior, build_prior, load_student

IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@pytest.fixture(scope='module')
def cfg(cifar_root, tmp_path_factory):
    """A small student on CIFAR-10, whose images are RGB."""
    work_dir = tmp_path_factory.mktemp('student') / 'work'
    return small_config('BYOL', cifar_root, work_dir)


@pytest.fixture
def library(monkeypatch):
    """Let torchvision load given weights without a download."""

    def provide(state):
        monkeypatch.setattr(models.WeightsEnum, 'get_state_dict',
                            lambda *args, **kwargs: dict(state))

    return provide


def picture(size=(50, 60), seed=0):
    image = smooth_images(1, size, seed)[0].permute(1, 2, 0)
    return Image.fromarray(image.numpy())


def random_state():
    """All that a global generator would draw from next."""
    return pickle.dumps((random.getstate(), np.random.get_state(),
                         torch.get_rng_state().tolist()))


def into_classifier(model, x):
    """What the last linear layer gets to see."""
    seen = []
    last = [m for m in model.modules() if isinstance(m, nn.Linear)][-1]
    last.register_forward_hook(lambda module, inputs, _: seen.extend(inputs))
    with torch.inference_mode():
        model.eval()(x)
    return seen[0]


@pytest.mark.parametrize('name', [
    'mobilenet_v2', 'resnet18', 'vit_b_16',
    'convnext_tiny', 'googlenet',
])
def test_features_are_penultimate_activations(library, name):
    """The library's own loading, with weights of ours, is the reference."""
    entry = models.get_model_weights(name).IMAGENET1K_V1
    library(models.get_model(name, weights=None).state_dict())
    side = entry.transforms().crop_size[0] if 'vit' in name else 64
    x = torch.randn(2, 3, side, side)
    expected = into_classifier(models.get_model(name, weights=entry), x)
    prior = build_prior(f'torchvision:{name}')
    with torch.inference_mode():
        features = prior.model(x)
    assert features.shape == expected.shape and features.ndim == 2
    unit = expected.abs().max()  # 1e-9 if mobilenet_v2 is untrained
    assert len((features / unit).unique(dim=0)) == 2
    torch.testing.assert_close(features / unit, expected / unit)


def test_none_are_random_weights_without_a_download(library):
    state = models.resnet18().state_dict()
    library(state)
    loaded = build_prior('torchvision:resnet18').model.state_dict()
    drawn = build_prior('torchvision:resnet18', 'none').model.state_dict()
    assert torch.equal(loaded['conv1.weight'], state['conv1.weight'])
    assert not torch.equal(drawn['conv1.weight'], state['conv1.weight'])


def test_none_is_the_same_network_each_time():
    before = random_state()
    prints = [build_prior('torchvision:resnet18', 'none').fingerprint()
              for _ in range(2)]
    assert prints[0] == prints[1] and random_state() == before


@pytest.mark.parametrize('size', [(300, 340), (50, 40)])
@pytest.mark.parametrize('name', ['mobilenet_v2', 'vit_b_16'])
def test_native_preprocessing_is_torchvisions(name, size, monkeypatch):
    monkeypatch.setattr(models, 'get_model', lambda *a, **k: nn.Sequential(
        nn.Linear(1, 1)))
    prior = build_prior(f'torchvision:{name}', 'none')
    entry = models.get_model_weights(name).IMAGENET1K_V1
    assert torch.equal(
        prior.preprocess(picture(size)), entry.transforms()(picture(size)))


def shrink(image, side):
    """Shorter side to ``side``, then the centre's square, (3, S, S)."""
    factor = side / min(image.size)
    image = image.resize([int(n * factor) for n in image.size],
                         Image.Resampling.BILINEAR)
    left, top = (round((n - side) / 2) for n in image.size)
    image = image.crop((left, top, left + side, top + side))
    return torch.tensor(np.array(image)).permute(2, 0, 1).float()


def normalize(pixels, mean, std):
    mean, std = (torch.tensor(v)[:, None, None] for v in (mean, std))
    return (pixels - mean) / std


@pytest.mark.parametrize('side', [32, 48])
@pytest.mark.parametrize('size', [(50, 60), (70, 41), (30, 30)])
def test_image_size_leaves_no_margin(cfg, size, side):
    """Resize(S), CenterCrop(S), for torchvision's and the student."""
    image = picture(size)
    prior = build_prior('torchvision:resnet18', 'none', side)
    expected = normalize(shrink(image, side) / 255, *IMAGENET)
    torch.testing.assert_close(prior.preprocess(image), expected)
    assert f'crop_size=[{side}]' in prior.preprocessing
    prior = build_prior('random', image_size=side, cfg=cfg)
    stats = cfg.data_preprocessor
    expected = normalize(shrink(image, side), stats.mean, stats.std)
    torch.testing.assert_close(prior.preprocess(image), expected)
    assert f'size {side}' in prior.preprocessing


@pytest.mark.parametrize('file', ['byol_rela_r18_cifar10.py',
                                  'byol_rela_r50_in1k.py'])
def test_random_prior_sees_what_the_student_sees(file):
    """The student's images are BGR if its preprocessor swaps them."""
    cfg = Config.fromfile(CONFIGS / file)
    prior = build_prior('random', cfg=cfg)
    rgb = np.array(picture())
    loaded = rgb[..., ::-1] if cfg.data_preprocessor.to_rgb else rgb
    batch = torch.tensor(loaded.copy()).permute(2, 0, 1)[None]
    preprocessor = MODELS.build(cfg.data_preprocessor)
    seen = preprocessor(dict(inputs=[batch], data_samples=[]))['inputs'][0]
    torch.testing.assert_close(prior.preprocess(Image.fromarray(rgb)), seen[0])


@pytest.mark.parametrize('steps, to_rgb, bgr', [
    (['LoadImageFromFile'], True, False), (['LoadImageFromFile'], None, True),
    ([], False, False), ([], True, True),
    (['LoadRGBImageFromFile', 'PackInputs'], False, False)])
@pytest.mark.parametrize('wrapped', [False, True])
def test_the_student_sees_its_own_channels(cfg, steps, to_rgb, bgr, wrapped):
    """As mmpretrain's loading and its preprocessor leave them together."""
    cfg = copy.deepcopy(cfg)
    dataset = dict(type='ImageNet', pipeline=[dict(type=s) for s in steps])
    cfg.train_dataloader.dataset = (
        dict(type='ConcatDataset', datasets=[dataset]) if wrapped else dataset)
    cfg.model.data_preprocessor = dict(
        mean=[1, 2, 3], std=[4, 5, 6], to_rgb=to_rgb)
    prior = build_prior('random', cfg=cfg)
    channels = np.array(picture())[..., ::-1 if bgr else 1].astype(float)
    wanted = (channels - [1, 2, 3]) / [4, 5, 6]
    found = prior.preprocess(picture()).permute(1, 2, 0)
    np.testing.assert_allclose(found, wanted, atol=1e-4)
    assert prior.preprocessing.endswith(', BGR') is bgr


def test_any_dtype_has_a_fingerprint():
    def prior(dtype):
        model = nn.Linear(3, 2, bias=False).to(dtype)
        model.register_buffer('steps', torch.tensor(7))
        with torch.no_grad():
            model.weight.fill_(0.5)
        return Prior('linear', model, None, 'none')

    dtypes = torch.bfloat16, torch.float16, torch.float32
    prints = [prior(dtype).weights_hash() for dtype in dtypes]
    assert len(set(prints)) == 3
    digest = hashlib.blake2b(digest_size=16)
    for key, value in (('weight', np.full((2, 3), 0.5, np.float32)),
                       ('steps', np.array(7))):
        digest.update(key.encode() + value.tobytes())
    assert prints[2] == digest.hexdigest()  # as stores have it since ever


def test_random_prior_is_the_untrained_student(cfg):
    torch.manual_seed(7)
    backbone = MODELS.build(copy.deepcopy(cfg.model.backbone))
    backbone.init_weights()
    backbone.eval()
    x = torch.randn(4, 3, 64, 96)
    with torch.inference_mode():
        maps = backbone(x)[-1]
        features = build_prior('random:7', cfg=cfg).model(x)
    assert maps.shape == (4, 64, 2, 3)
    torch.testing.assert_close(features, maps.sum((2, 3)) / 6)


def test_random_prior_is_seeded_and_leaves_generators_alone(cfg):
    before = random_state()
    weights = {spec: build_prior(spec, cfg=cfg).fingerprint()['weights']
               for spec in ('random', 'random:0', 'random:1', 'random:23')}
    assert random_state() == before
    assert weights['random'] == weights['random:0']
    assert len(set(weights.values())) == 3
    torch.rand(1)
    again = build_prior('random:23', cfg=cfg).fingerprint()
    assert again['weights'] == weights['random:23']


def test_fingerprint_tells_weights_and_preprocessing(cfg):
    prior = build_prior('random:3', cfg=cfg)
    first = prior.fingerprint()
    assert first == prior.fingerprint() and first['name'] == 'random:3'
    with torch.inference_mode():
        prior.model(torch.randn(2, 3, 32, 32))
    assert prior.fingerprint() == first
    resized = build_prior('random:3', image_size=48, cfg=cfg).fingerprint()
    assert resized['weights'] == first['weights']
    assert resized['preprocessing'] != first['preprocessing']
    weight = next(prior.model.parameters())
    weight.data.view(-1)[-1] += 1e-3
    assert prior.fingerprint()['weights'] != first['weights']


def test_prior_is_frozen(cfg):
    for prior in (build_prior('random', cfg=cfg),
                  build_prior('torchvision:resnet18', 'none')):
        assert not any(m.training for m in prior.model.modules())
        assert not any(p.requires_grad for p in prior.model.parameters())


def test_precision_that_torch_lacks(monkeypatch):
    """As fp16 on CPUs in old releases."""
    def enter(_):
        raise RuntimeError('AutocastCPU only support Bfloat16')

    prior = build_prior('torchvision:resnet18', 'none')
    prior.amp = 'fp16'
    monkeypatch.setattr(torch.autocast, '__enter__', enter)
    with pytest.raises(UserError, match='--amp fp16: torch .* this cpu; take'):
        prior.autocast('cpu')


@pytest.mark.parametrize('wrap', [dict, lambda s: dict(state_dict=s)],
                         ids=['plain', 'nested'])
def test_weights_file(tmp_path, wrap):
    model = models.resnet18()
    torch.save(wrap(model.state_dict()), tmp_path / 'w.pth')
    prior = build_prior('torchvision:resnet18', str(tmp_path / 'w.pth'))
    for name, value in prior.model.state_dict().items():
        assert torch.equal(value, model.state_dict()[name]), name


@pytest.mark.parametrize('write', [
    lambda file: None,
    lambda file: file.mkdir(),
    lambda file: file.write_bytes(b''),
    lambda file: file.write_bytes(b'<html>404</html>'),
    lambda file: file.write_bytes(pickle.dumps(dict(fc=HistoryBuffer()))),
    lambda file: torch.save(dict(state_dict={}, log=HistoryBuffer()), file),
    lambda file: torch.save({}, file),
    lambda file: torch.save(models.mobilenet_v2().state_dict(), file),
    lambda file: torch.save(models.resnet34().state_dict(), file),
    lambda file: torch.save(torch.zeros(3), file),
], ids=['missing', 'folder', 'empty', 'html', 'pickle', 'object',
        'no-weights', 'mobilenet_v2', 'resnet34', 'tensor'])
def test_wrong_weights_file(tmp_path, write):
    file = tmp_path / 'w.pth'
    write(file)
    with pytest.raises(UserError) as error:
        build_prior('torchvision:resnet18', str(file))
    assert str(file) in str(error.value)


def test_nothing_is_unpickled(tmp_path):
    class Trap:
        def __reduce__(self):
            return (tmp_path / 'sprung').touch, ()

    torch.save(dict(state_dict=Trap()), tmp_path / 'w.pth')
    with pytest.raises(UserError, match='pickle'):
        build_prior('torchvision:resnet18', str(tmp_path / 'w.pth'))
    assert not (tmp_path / 'sprung').exists()
    torch.load(tmp_path / 'w.pth', weights_only=False)
    assert (tmp_path / 'sprung').exists()


def test_failed_download_names_the_file(monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError('no network')

    monkeypatch.setattr(models.WeightsEnum, 'get_state_dict', refuse)
    with pytest.raises(UserError, match='resnet18-f37072fd.pth .*weights='):
        build_prior('torchvision:resnet18')


@pytest.fixture
def trained(cfg, tmp_path):
    """A checkpoint's weights and a function that writes them."""
    file = tmp_path / 'student.pth'
    model = MODELS.build(copy.deepcopy(cfg.model))
    model.init_weights()

    def write(state):
        torch.save(dict(state_dict=state, meta=dict(epoch=1)), file)
        return str(file)

    return model.state_dict(), write


def test_load_student(cfg, trained):
    state, write = trained
    prior = load_student(write(state), None, cfg)
    loaded = prior.model.state_dict()
    ours = {k: v for k, v in state.items() if k.startswith('backbone.')}
    assert loaded.keys() == ours.keys()
    assert all(torch.equal(loaded[key], ours[key]) for key in ours)


def drop_one(state):
    return {k: v for k, v in state.items()
            if k != 'backbone.layer4.1.bn2.running_var'}


def reshape_one(state):
    return dict(state, **{'backbone.conv1.weight': torch.zeros(8, 3, 5, 5)})


def add_one(state):
    return dict(state, **{'backbone.layer5.weight': torch.zeros(2)})


def without_prefix(state):
    return {k.removeprefix('backbone.'): v for k, v in state.items()}


@pytest.mark.parametrize(
    'change', [drop_one, reshape_one, add_one, without_prefix])
def test_load_student_refuses_another_backbone(cfg, trained, change):
    state, write = trained
    file = write(change(state))
    with pytest.raises(UserError, match='does not hold the backbone') as error:
        load_student(file, None, cfg)
    assert file in str(error.value)


@pytest.mark.parametrize('spec,size', [
    ('torchvision:resnet18', 0), ('random', -3), ('torchvision:vit_b_16', 64)])
def test_impossible_image_sizes(spec, size):
    with pytest.raises(UserError, match='--image-size'):
        build_prior(spec, 'none', size)


@pytest.mark.parametrize('value, drawn', [(1., False), (np.nan, False),
                                          (0., True)])
def test_preprocessing_that_draws_is_refused(value, drawn):
    calls = []

    def preprocess(image):
        calls.append(image)
        return torch.full((3, 2, 2), value) + drawn * len(calls)

    prior = Prior('p', nn.Identity(), preprocess, '')
    for row in range(9):
        sample = SimpleNamespace(image=row, name='x.jpg')
        if drawn:
            with pytest.raises(UserError, match='of p gives another input '):
                prior.input_of(sample)
        else:
            prior.input_of(sample)
    assert sorted({*calls}) == [*range(9)]
    assert len(calls) == (18 if drawn else 13)
