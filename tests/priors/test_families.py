"""Priors of every family, against what their libraries make of a picture.

Each library reads the file, preprocesses, and pools as it would for its own
classifier or captions; weights are drawn.
"""
from __future__ import annotations

import re

import open_clip
import pytest
import timm
import torch
from hosts import CONFIGS
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope
from mmpretrain import list_models
from mmpretrain.apis.model import ModelHub
from mmpretrain.models import (
    BEiTViT,
    HiViT,
    MixMIMTransformer,
    SwinTransformer,
    VisionTransformer,
    ViTSAM,
)
from mmpretrain.registry import MODELS, TRANSFORMS
from photos import photos
from PIL import Image
from timm.data import create_transform, resolve_model_data_config
from torch import nn

from mmrela.errors import UserError
from mmrela.priors import build_prior

CLASSIFIERS = """
    beit-base-p16_beit-in21k-pre_3rdparty_in1k conformer-tiny-p16_3rdparty_in1k
    convmixer-768-32_3rdparty_in1k convnext-v2-atto_3rdparty-fcmae_in1k
    cspdarknet50_3rdparty_8xb32_in1k cspresnet50_3rdparty_8xb32_in1k
    cspresnext50_3rdparty_8xb32_in1k davit-tiny_3rdparty_in1k
    deit-tiny-distilled_3rdparty_in1k deit-tiny_4xb256_in1k
    deit3-small-p16_3rdparty_in1k densenet121_3rdparty_in1k
    edgenext-xxsmall_3rdparty_in1k efficientformer-l1_3rdparty_8xb128_in1k
    efficientnet-b0_3rdparty_8xb32_in1k efficientnetv2-b0_3rdparty_in1k
    hivit-tiny-p16_16xb64_in1k hornet-tiny_3rdparty_in1k
    hrnet-w18_3rdparty_8xb32-ssld_in1k inception-v3_3rdparty_8xb32_in1k
    levit-128s_3rdparty_in1k mixmim-base_mixmim-pre_8xb128-coslr-100e_in1k
    mlp-mixer-base-p16_3rdparty_64xb64_in1k mobilenet-v2_8xb32_in1k
    mobilenet-v3-small-050_3rdparty_in1k mobileone-s0_8xb32_in1k
    mobilevit-xxsmall_3rdparty_in1k mvitv2-tiny_3rdparty_in1k
    poolformer-s12_3rdparty_32xb128_in1k pvig-tiny_3rdparty_in1k
    regnetx-400mf_8xb128_in1k repmlp-base_3rdparty_8xb64_in1k
    repvgg-b0_8xb32_in1k res2net50-w14-s8_3rdparty_8xb32_in1k
    resnet18_8xb32_in1k resnetv1c50_8xb32_in1k resnetv1d50_8xb32_in1k
    resnext50-32x4d_8xb32_in1k revvit-small_3rdparty_in1k riformer-s12_in1k
    seresnet50_8xb32_in1k shufflenet-v1-1x_16xb64_in1k
    shufflenet-v2-1x_16xb64_in1k swin-tiny_16xb64_in1k
    swinv2-tiny-w8_3rdparty_in1k-256px t2t-vit-t-14_8xb64_in1k
    tinyvit-5m_3rdparty_in1k tnt-small-p16_3rdparty_in1k
    twins-pcpvt-small_3rdparty_8xb128_in1k twins-svt-small_3rdparty_8xb128_in1k
    van-tiny_3rdparty_in1k vgg11_8xb32_in1k vig-tiny_3rdparty_in1k
    vit-small-p16_mocov3-pre_8xb128-linear-coslr-90e_in1k
    vit-tiny-p14_eva02-in21k-pre_3rdparty_in1k-336px
    xcit-nano-12-p8_3rdparty-dist_in1k""".split()
# A model without a classifier, most of masked images -> the class whose
# forward hides nothing.
BACKBONES = {
    'beit_beit-base-p16_8xb256-amp-coslr-300e_in1k': BEiTViT,
    'beitv2_beit-base-p16_8xb256-amp-coslr-300e_in1k': BEiTViT,
    'cae_beit-base-p16_8xb256-amp-coslr-300e_in1k': BEiTViT,
    'eva-mae-style_vit-base-p16_16xb256-coslr-400e_in1k': VisionTransformer,
    'itpn-clip-b_hivit-base-p16_8xb256-amp-coslr-800e_in1k': HiViT,
    'itpn-pixel_hivit-base-p16_8xb512-amp-coslr-800e_in1k': HiViT,
    'mae_vit-base-p16_8xb512-amp-coslr-300e_in1k': VisionTransformer,
    'maskfeat_vit-base-p16_8xb256-amp-coslr-300e_in1k': VisionTransformer,
    'mff_vit-base-p16_8xb512-amp-coslr-300e_in1k': VisionTransformer,
    'milan_vit-base-p16_16xb256-amp-coslr-400e_in1k': VisionTransformer,
    'mixmim_mixmim-base_16xb128-coslr-300e_in1k': MixMIMTransformer,
    'simmim_swin-base-w6_16xb128-amp-coslr-800e_in1k-192px': SwinTransformer,
    'vit-base-p16_sam-pre_3rdparty_sa1b-1024px': ViTSAM,
    'vit-small-p14_dinov2-pre_3rdparty': VisionTransformer,
}
# A model of SparK -> the same network without holes.
SPARSE = {
    'spark_sparse-resnet50_800e_in1k': dict(type='ResNet', depth=50),
    'spark_sparse-convnextv2-tiny_800e_in1k': dict(
        type='ConvNeXt', arch='tiny', use_grn=True, layer_scale_init_value=0.,
        drop_path_rate=0., gap_before_final_norm=False)}
TIMM = [
    'vit_tiny_patch16_224', 'vit_small_patch14_dinov2.lvd142m,size=112',
    'vit_small_patch14_reg4_dinov2.lvd142m,size=112',
    'vit_small_patch16_dinov3.lvd1689m',
    'vit_base_patch16_siglip_224.webli,size=64',
    'vit_base_patch16_siglip_gap_224', 'deit3_small_patch16_224',
    'deit_tiny_distilled_patch16_224', 'eva02_tiny_patch14_224',
    'beitv2_base_patch16_224', 'convnext_atto', 'convnextv2_atto',
    'efficientnet_b0', 'mobilenetv3_small_050', 'swin_tiny_patch4_window7_224',
    'swinv2_tiny_window8_256', 'resnet10t', 'regnetx_002', 'densenet121',
    'mixer_s32_224', 'levit_128s', 'maxvit_rmlp_pico_rw_256',
    'xcit_nano_12_p16_224', 'convnext_tiny.dinov3_lvd1689m']
CLIP = ['RN50', 'ViT-B-32', 'ViT-B-16-SigLIP@webli',
        'convnext_base@laion400m_s13b_b51k', 'coca_ViT-B-32@laion2b_s13b_b90k',
        'EVA02-B-16@merged2b_s8b_b131k', 'ViT-B-16-quickgelu@metaclip_400m']
QUICK = {'resnet18_8xb32_in1k', 'efficientformer-l1_3rdparty_8xb128_in1k',
         'hrnet-w18_3rdparty_8xb32-ssld_in1k',
         'mobilevit-xxsmall_3rdparty_in1k',
         'mff_vit-base-p16_8xb512-amp-coslr-300e_in1k', *TIMM[:2], 'resnet10t'}


def cases(names) -> list:
    """A few at once, all of them as ``slow``."""
    return [pytest.param(name, marks=[pytest.mark.slow] * (
        name not in QUICK)) for name in names]


@pytest.fixture(scope='module', autouse=True)
def scope():
    init_default_scope('mmpretrain')


@pytest.fixture(scope='module')
def file(tmp_path_factory) -> str:
    file = tmp_path_factory.mktemp('photo') / '0.png'
    photos()[0].save(file)
    return str(file)


@torch.inference_mode()
def features(prior, file: str) -> tuple[torch.Tensor, torch.Tensor]:
    """What a prior sees of a picture, and its features."""
    with Image.open(file) as image:
        x = prior.preprocess(image.convert('RGB'))[None]
    found, again = prior.model(x), prior.model(x)
    assert torch.equal(found, again)
    assert found.shape[0] == 1 and found.ndim == 2
    assert found.is_floating_point() and found.isfinite().all()
    assert found.std() > 0
    return x, found


def assert_same(found: torch.Tensor, wanted: torch.Tensor) -> None:
    """Of cosine 1; drawn weights may make both tiny."""
    found, wanted = (x.double() / x.double().norm() for x in (found, wanted))
    assert found.shape == wanted.shape
    assert (found * wanted).sum() >= 0.9999


def pooled(outputs) -> torch.Tensor:
    """The last of a model's outputs, one number a channel."""
    while not isinstance(outputs, torch.Tensor):
        outputs = outputs[-1]
    if outputs.ndim == 4:
        return outputs.flatten(2).sum(2) / outputs[0, 0].numel()
    return outputs.sum(1) / outputs.shape[1] if outputs.ndim == 3 else outputs


def seen_by_mmpretrain(config: dict, file: str) -> torch.Tensor:
    steps = config.test_dataloader.dataset.pipeline
    packed = Compose([TRANSFORMS.build(step) for step in steps])(
        dict(img_path=file))
    settings = dict(config.get('data_preprocessor')
                    or config.model.data_preprocessor,
                    type='ClsDataPreprocessor')
    settings.pop('num_classes', None)
    return MODELS.build(settings)(dict(
        inputs=packed['inputs'][None], data_samples=None))['inputs']


@pytest.mark.parametrize('name', cases(CLASSIFIERS))
def test_classifiers_of_mmpretrain(name, file):
    prior = build_prior(f'mmpretrain:{name}', 'none')
    x, found = features(prior, file)
    config = ModelHub.get(name).config
    torch.testing.assert_close(x, seen_by_mmpretrain(config, file))
    model = MODELS.build(dict(config.model, train_cfg=None)).eval()
    model.load_state_dict(prior.model.state_dict(), strict=False)
    with torch.inference_mode():
        assert_same(found, pooled(model.extract_feat(x)))


@pytest.mark.parametrize('name', cases(BACKBONES))
def test_backbones_of_mmpretrain(name, file):
    size = 192 if 'simmim' in name else 224  # a multiple of its patches
    prior = build_prior(f'mmpretrain:{name},size={size}', 'none')
    x, found = features(prior, file)
    with torch.inference_mode():
        wanted = BACKBONES[name].forward(prior.model.backbone, x)
    assert_same(found, pooled(wanted))


@pytest.mark.parametrize('name', cases(SPARSE))
def test_sparse_models_of_mmpretrain(name, file):
    prior = build_prior(f'mmpretrain:{name},size=224', 'none')
    x, found = features(prior, file)
    dense = MODELS.build(SPARSE[name])
    dense.eval()
    missing, more = dense.load_state_dict(
        prior.model.backbone.state_dict(), strict=False)
    if 'convnext' in name:  # SparK's has no norm at its end
        assert missing == ['norm3.weight', 'norm3.bias']
        dense.norm3, missing = nn.Identity(), []
    assert not (missing or more)
    with torch.inference_mode():
        assert_same(found, pooled(dense(x)))


@pytest.mark.parametrize('name', cases(TIMM))
def test_models_of_timm(name, file):
    prior = build_prior(f'timm:{name},weights=none')
    x, found = features(prior, file)
    name, _, size = name.partition(',size=')
    more = dict(img_size=int(size)) if size else {}
    torch.manual_seed(0)
    model = timm.create_model(name, **more).eval()
    model.load_state_dict(prior.model.state_dict(), strict=False)
    settings = resolve_model_data_config(model)
    if size:
        settings.update(input_size=(3, int(size), int(size)), crop_pct=1.)
    with Image.open(file) as image:
        seen = create_transform(**settings)(image.convert('RGB'))[None]
    assert torch.equal(x, seen)
    with torch.inference_mode():
        assert_same(found, model.forward_head(
            model.forward_features(x), pre_logits=True))


@pytest.mark.parametrize('name', cases(CLIP))
def test_models_of_open_clip(name, file):
    prior = build_prior(f'open_clip:{name},weights=none')
    x, found = features(prior, file)
    architecture, _, tag = name.partition('@')
    model = open_clip.create_model(architecture, device='cpu')
    settings = open_clip.get_pretrained_cfg(architecture, tag or 'openai')
    if settings.get('quick_gelu'):
        model = open_clip.create_model(architecture, force_quick_gelu=True)
    model.eval().visual.load_state_dict(prior.model.state_dict())
    see = open_clip.transform.image_transform_v2(
        open_clip.transform.PreprocessCfg(**{
            'size': model.visual.image_size, **{
                key: settings[key] for key in (
                    'mean', 'std', 'interpolation', 'resize_mode')
                if key in settings}}), False)
    with Image.open(file) as image, torch.inference_mode():
        assert torch.equal(x, see(image.convert('RGB'))[None])
        assert_same(found, model.encode_image(x))


@pytest.mark.parametrize('name, reason', [
    ('replknet-31b_3rdparty_in1k', 'fails to read its own config'),
    ('blip-base_3rdparty_caption', 'no model.backbone'),
    ('mae_vit-base-p16_8xb512-amp-coslr-300e_in1k', 'pass --image-size'),
    ('resnet19', 'no such model')])
def test_the_refused(name, reason):
    with pytest.raises(UserError, match=reason):
        build_prior(f'mmpretrain:{name}', 'none')


def test_the_table_lists_what_is_tried():
    """configs/README.md, row by row."""
    text = (CONFIGS / 'README.md').read_text()
    section = text.partition('## Priors that were tried')[2].partition('##')[0]
    for title, names in dict(
            timm=[name.partition(',')[0] for name in TIMM],
            open_clip=CLIP).items():
        row = section.partition(f'| {title} | ')[2].partition(' |')[0]
        assert row.split(', ') == names
    tried = {ModelHub.get(name).config.model.backbone.type
             for name in (*CLASSIFIERS, *BACKBONES, *SPARSE)}
    assert tried <= {*re.findall(r'\w+', section)}


@pytest.mark.slow
def test_every_family_of_mmpretrain_is_tried():
    """But for one of small images, see test_mmpretrain, and a large one."""
    found = set()
    for name in list_models():
        if '_rela_' in name:  # registered beside them
            continue
        if not name.startswith(('replknet', 'swinv2')):  # some are broken
            backbone = ModelHub.get(name).config.model.get('backbone', {})
            found.add(backbone.get('type'))
    tried = {ModelHub.get(name).config.model.backbone.type
             for name in (*CLASSIFIERS, *BACKBONES, *SPARSE)}
    assert found - tried == {None, 'ResNet_CIFAR'}
