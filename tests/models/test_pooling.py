"""Backbones of mmpretrain whose tokens come with their channels first."""
from __future__ import annotations

import pytest
import torch
from mmengine.registry import init_default_scope
from mmpretrain.registry import MODELS

import mmrela.registry  # noqa: F401
from mmrela.priors.own_backbone import Pooled


@pytest.mark.parametrize('backbone', [
    dict(type='MlpMixer', img_size=32, patch_size=8, arch=dict(
        embed_dims=12, num_layers=1, tokens_mlp_dims=8,
        channels_mlp_dims=8)),
    dict(type='EfficientFormer', arch=dict(
        layers=[1, 1, 1, 1], embed_dims=[4, 4, 8, 12],
        downsamples=[False, True, True, True], vit_num=1))],
    ids=lambda backbone: backbone['type'])
def test_tokens_that_come_with_their_channels_first(backbone):
    """Of students, as mmpretrain's classifiers pool them."""
    init_default_scope('mmpretrain')
    model = MODELS.build(dict(
        type='Rela', host='SimSiam', backbone=backbone,
        rela_head=dict(type='RelaHead', out_channels=3),
        head=dict(type='LatentPredictHead', predictor=dict(
            type='LinearNeck', in_channels=12, out_channels=12),
            loss=dict(type='CosineSimilarityLoss')))).eval()
    side = backbone.get('img_size', 224)
    images = torch.randn(2, 3, side, side)
    maps = model.backbone(images)[-1]
    naive = torch.stack([
        torch.stack([sum(row) / len(row) for row in image])
        for image in maps])
    assert maps.shape[1] == naive.shape[1] == 12
    torch.testing.assert_close(model.rela_features(images), naive)
    assert model.rela_head.fc.in_features == 12
    torch.testing.assert_close(Pooled(model.backbone)(images), naive)
