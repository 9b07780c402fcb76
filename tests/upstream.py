"""mmpretrain's own self-supervised configs, and a small model for each."""
from __future__ import annotations

from pathlib import Path

import mmpretrain
import torch
from mmengine.config import Config
from mmpretrain.registry import MODELS
from torch import Tensor, nn

ROOT = Path(mmpretrain.__file__).parent / '.mim' / 'configs'
METHODS = ('barlowtwins beit beitv2 byol cae densecl eva itpn mae maskfeat '
           'mff milan mixmim mocov2 mocov3 simclr simmim simsiam spark swav')
CLASSIFIERS = 'eva-g', 'eva-l'

_VIT = {'backbone.arch': dict(embed_dims=24, num_layers=12, num_heads=2,
                              feedforward_channels=48)}
_RESNET = {'backbone.depth': 18, 'backbone.base_channels': 8,
           'backbone.stem_channels': 8}
_DECODER = {'neck.decoder_embed_dim': 16, 'neck.decoder_depth': 1,
            'neck.decoder_num_heads': 2}
_HIVIT = {'backbone.arch': dict(
    embed_dims=32, depths=[1, 1, 7], num_heads=2)}

# Type of the backbone -> what makes it small, keys below `model`.
BACKBONES = dict(
    ResNet={**_RESNET, 'neck.in_channels': 64},
    SparseResNet={**_RESNET, 'enc_dec_norm_dim': 64},
    SparseConvNeXt={'backbone.arch': dict(
        depths=[1, 1, 1, 1], channels=[8, 16, 32, 64]),
        'enc_dec_norm_dim': 64},
    MoCoV3ViT={**_VIT, 'neck.in_channels': 24},
    MAEViT={**_VIT, 'neck.embed_dim': 24, **_DECODER},
    MFFViT={**_VIT, 'neck.embed_dim': 24, **_DECODER},
    MILANViT={**_VIT, 'neck.embed_dim': 24, **_DECODER},
    MaskFeatViT={**_VIT, 'neck.in_channels': 24},
    BEiTPretrainViT=_VIT,
    CAEPretrainViT=_VIT,
    MAEHiViT={**_HIVIT, 'neck.embed_dim': 32, **_DECODER},
    iTPNHiViT={**_HIVIT, 'neck.embed_dim': 32, 'neck.fpn_dim': 16,
               **_DECODER, 'neck.decoder_embed_dim': 32},
    MixMIMPretrainTransformer={
        'backbone.arch': dict(embed_dims=16, depths=[1, 1, 1, 1],
                              num_heads=[1, 2, 4, 8]),
        'neck.embed_dim': 128, **_DECODER},
    SimMIMSwinTransformer={
        'backbone.arch': dict(embed_dims=16, depths=[1, 1, 1, 1],
                              num_heads=[1, 1, 2, 2]),
        'neck.in_channels': 128})
# The same of an algorithm, or of its neck or head.
PARTS = dict(
    BarlowTwins={'neck.hid_channels': 32, 'neck.out_channels': 16,
                 'head.in_channels': 16},
    MoCo={'queue_len': 64},
    DenseCL={'queue_len': 64},
    BEiTV1Head={'head.embed_dims': 24},
    BEiTV2Head={'head.embed_dims': 24},
    BEiTV2Neck={'neck.backbone_arch': dict(
        embed_dims=24, depth=12, num_layers=12, num_heads=2,
        feedforward_channels=48)},
    CAENeck={'neck.embed_dims': 24, 'neck.num_heads': 2, 'neck.mlp_ratio': 2,
             'neck.regressor_depth': 1, 'neck.decoder_depth': 1},
    iTPNClipHead={'head.embed_dims': 32})
# Type of the target generator -> a small one, without weights.
_TOKENS = dict(embed_dims=24, num_layers=1, num_heads=2,
               feedforward_channels=48)
GENERATORS = {
    'CLIPGenerator': dict(type='NoCLIP'),
    'DALL-E': dict(type='DALL-E', n_hid=8, n_blk_per_group=1),
    'VQKD': dict(type='VQKD', encoder_config=dict(
        arch=_TOKENS, out_type='featmap', layer_scale_init_value=0.,
        use_abs_pos_emb=True, use_rel_pos_bias=False))}

# A config with classes as types, as mmengine's new style has them.
NEW_STYLE = """
from mmengine.dataset import DefaultSampler, default_collate
from mmpretrain.datasets import (ImageNet, LoadImageFromFile, MultiView,
                                 PackInputs, RandomResizedCrop)
from mmpretrain.models import (
    CosineSimilarityLoss, LatentPredictHead, NonLinearNeck, ResNet,
    SelfSupDataPreprocessor, SimSiam)
from torch.optim import SGD

small = dict(hid_channels=8, out_channels=8)
model = dict(
    type=SimSiam, data_preprocessor=dict(type=SelfSupDataPreprocessor),
    backbone=dict(type=ResNet, depth=18),
    neck=dict(type=NonLinearNeck, in_channels=512, **small),
    head=dict(type=LatentPredictHead, loss=dict(type=CosineSimilarityLoss),
              predictor=dict(type=NonLinearNeck, in_channels=8,
                             with_avg_pool=False, **small)))
crop = dict(type=RandomResizedCrop, scale=(96, 96))
train_dataloader = dict(
    batch_size=4, num_workers=0, collate_fn=dict(type=default_collate),
    sampler=dict(type=DefaultSampler, shuffle=True),
    dataset=dict(type=ImageNet, data_root='{root}', split='train', pipeline=[
        dict(type=LoadImageFromFile),
        dict(type=MultiView, num_views=2, transforms=[[crop]]),
        dict(type=PackInputs)]))
optim_wrapper = dict(optimizer=dict(type=SGD, lr=0.1))
train_cfg = dict(by_epoch=True, max_epochs=1)
"""


@MODELS.register_module()
class NoCLIP(nn.Module):
    """Random features of 512 and an attention, instead of CLIP's 600 MB."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        tokens = len(x), 197
        return torch.randn(*tokens, 512), torch.rand(*tokens, 197)


def configs() -> list[Path]:
    """Files of all self-supervised configs."""
    return [file for method in METHODS.split()
            for file in sorted((ROOT / method).glob('*.py'))
            if not file.stem.startswith(CLASSIFIERS)]


def small(cfg: Config) -> None:
    """Make the model of a config small, and spare it downloads."""
    model = cfg.model
    kinds = [model.get('host', model.type), *(
        (model.get(part) or {}).get('type') for part in ('neck', 'head'))]
    more = dict(BACKBONES[model.backbone.type])
    for kind in kinds:
        more |= PARTS.get(kind, {})
    model.backbone.pop('arch', None)  # a name, which no dict replaces
    (model.get('neck') or {}).pop('backbone_arch', None)
    cfg.merge_from_dict({f'model.{key}': v for key, v in more.items()})
    generator = model.get('target_generator', {}).get('type')
    if generator in GENERATORS:  # by now `cfg.model` is another object
        cfg.model.target_generator = GENERATORS[generator]
