"""Masked hosts show RELA what a plain backbone of their weights makes."""
from __future__ import annotations

import numpy as np
import pytest
import torch
import upstream
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain.models.selfsup import MAE, MFF
from mmpretrain.registry import MODELS
from torch import nn

import mmrela  # noqa: F401
from mmrela.errors import UserError
from mmrela.models.pooling import pool_features
from mmrela.models.unmasked import unmasked
from mmrela.priors.own_backbone import Pooled

# Beginning of a config's name -> the backbone that classifiers have.
PLAIN = {
    'mae_vit-base': 'VisionTransformer', 'mae_hivit-base': 'HiViT',
    'simmim': 'SwinTransformer', 'maskfeat': 'VisionTransformer',
    'milan': 'VisionTransformer', 'eva': 'VisionTransformer',
    'mff': 'VisionTransformer', 'beit_': 'BEiTViT', 'beitv2': 'BEiTViT',
    'cae': 'BEiTViT', 'itpn-pixel': 'HiViT', 'itpn-clip': 'HiViT',
    'mixmim': 'MixMIMTransformer', 'spark_sparse-resnet': 'ResNet',
    'spark_sparse-convnext-': 'ConvNeXt',
    'spark_sparse-convnextv2': 'ConvNeXt'}
# Arguments that these have by default, and their plain versions do not.
DEFAULTS = dict(
    VisionTransformer=dict(out_type='raw'),
    BEiTViT=dict(out_type='raw', use_abs_pos_emb=False,
                 use_rel_pos_bias=False, use_shared_rel_pos_bias=True,
                 final_norm=True, patch_cfg=dict(padding=0)),
    HiViT=dict(out_indices=[8], norm_cfg=dict(type='LN', eps=1e-6)),
    ResNet=dict(norm_cfg=dict(type='BN')),
    ConvNeXt=dict(norm_cfg=dict(type='LN2d', eps=1e-6),
                  gap_before_final_norm=False))
CAE_DEFAULTS = dict(use_abs_pos_emb=True, use_shared_rel_pos_bias=False,
                    patch_cfg=dict())
TRAINING_ALONE = ('mask_ratio', 'reconstruction_type', 'init_cfg',
                  'gap_before_output')


def small_model(name: str) -> Config:
    init_default_scope('mmpretrain')
    file = next(f for f in upstream.configs() if f.name.startswith(name))
    cfg = Config.fromfile(file)
    cfg.model.data_preprocessor = cfg.data_preprocessor
    upstream.small(cfg)
    return cfg.model


@pytest.fixture(params=PLAIN)
def host(request):
    """Name of the config, its backbone's, and the model with RELA."""
    cfg = small_model(request.param)
    backbone = cfg.backbone.to_dict()
    cfg.update(type='Rela', host=cfg.type, rela_head=dict(
        type='RelaHead', out_channels=4))
    torch.manual_seed(0)
    model = MODELS.build(cfg)
    model.init_weights()
    for parameter in model.backbone.parameters():  # zeros hide what they scale
        parameter.data.add_(0.1 * torch.randn_like(parameter))
    return request.param, backbone, model.double().eval()


def plain_backbone(name: str, cfg: dict, weights: dict) -> nn.Module:
    kind = PLAIN[name]
    cfg = {**DEFAULTS.get(kind, {}), **(CAE_DEFAULTS if name == 'cae' else {}),
           **{k: v for k, v in cfg.items() if k not in TRAINING_ALONE}}
    model = MODELS.build(dict(cfg, type=kind)).double()
    model.eval()  # which returns nothing
    found = model.load_state_dict(weights, strict=False)
    if kind == 'ConvNeXt':  # SparK has no last norm
        assert all(key.startswith('norm') for key in found.missing_keys)
        model.norm3 = nn.Identity()
    else:
        assert not found.missing_keys
    assert all(key.startswith(('mask_token', 'proj_'))
               for key in found.unexpected_keys)
    return model


def naive_pool(features) -> np.ndarray:
    """Mean of the last output over all but images and channels."""
    last = features[-1].numpy() if isinstance(features, tuple) else (
        features.numpy())
    positions = {2: (), 3: (1, ), 4: (2, 3)}[last.ndim]
    return last.mean(positions)


def test_features_are_those_of_the_plain_backbone(host):
    name, cfg, model = host
    side = cfg.get('img_size', 224)
    images = torch.randn(3, 3, side, side).double()
    with torch.no_grad():
        expected = naive_pool(plain_backbone(
            name, cfg, model.backbone.state_dict())(images))
        got = model.rela_features(images)
        student = Pooled(model.backbone)(images)
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5)
    np.testing.assert_allclose(student, expected, rtol=0, atol=1e-5)
    assert got.shape[1] == model.rela_head.fc.in_features
    assert expected.std(0).max() > 1e-4  # images differ


def test_a_batch_of_another_size_forgets_sparks_mask():
    model = MODELS.build(small_model('spark_sparse-resnet')).eval()
    with torch.no_grad():
        alone = pool_features(unmasked(
            model.backbone, torch.ones(1, 3, 224, 224)))
        model.loss(torch.ones(2, 3, 224, 224), [])  # hides a part
        again = pool_features(unmasked(
            model.backbone, torch.ones(1, 3, 224, 224)))
        larger = pool_features(unmasked(
            model.backbone, torch.ones(3, 3, 256, 256)))
    assert torch.equal(alone, again)
    assert larger.shape == (3, alone.shape[1])


def rela(host: str | type, name: str = 'mff') -> nn.Module:
    cfg = small_model(name)
    cfg.update(type='Rela', host=host, rela_head=dict(type='RelaHead'))
    return MODELS.build(cfg).eval()


def test_caes_teacher_is_the_backbone_of_the_step_before():
    model = rela('CAE', 'cae')
    student, teacher = (next(part.parameters())
                        for part in (model.backbone, model.teacher))
    student.data.add_(1)
    model.rela_features(torch.randn(1, 3, 224, 224))
    assert not torch.equal(student, teacher)  # a look leaves no trace
    model.train().rela_features(torch.randn(1, 3, 224, 224))
    assert torch.equal(student, teacher)


def test_another_host_around_a_backbone_that_hides_is_refused():
    with pytest.raises(UserError, match=r'host=MAE .*int64.*rela_features'):
        rela(MAE)


def test_a_subclass_inherits_or_overrides_what_mmpretrains_host_shows():

    class Inherits(MFF):
        pass

    class Extracts(MFF):

        def extract_feat(self, inputs):
            return inputs[:, :, ::32, ::32]

    class Declares(Extracts):

        def rela_features(self, inputs):
            return inputs[:, :, 0, :5].flatten(1)

    class InheritsAgain(Declares):
        pass

    images = torch.randn(2, 3, 224, 224)
    widths = [rela(host).rela_features(images).shape[1] for host in (
        Inherits, Extracts, Declares, InheritsAgain)]
    assert widths == [24, 3, 15, 15]
