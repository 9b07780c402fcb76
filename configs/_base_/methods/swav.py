# SwAV (arXiv:2006.09882). mmpretrain's recipe; without local crops and with
# 512 prototypes, which suit small images; crops of at least 0.14, its own.
_base_ = ['../views/symmetric.py', '../backbones/resnet18.py']

model = dict(
    host='SwAV',
    neck=dict(
        type='SwAVNeck',
        in_channels=512,
        hid_channels=512,
        out_channels=128,
        with_avg_pool=True),
    head=dict(
        type='SwAVHead',
        loss=dict(
            type='SwAVLoss',
            feat_dim=128,
            epsilon=0.05,
            temperature=0.1,
            num_crops=[2],
            num_prototypes=512)))

# Sets up the loss; neither queue nor frozen prototypes at this size.
custom_hooks = [
    dict(type='SwAVHook', priority='VERY_HIGH', batch_size=128, feat_dim=128)
]

strong_pipeline = [
    dict(
        type='MultiView',
        num_views=[2],
        transforms=[[
            dict(type='NativeResizedCrop', crop_ratio_range=(0.14, 1.0)),
            *_base_.distortions,
        ]]),
    dict(type='PackInputs')
]
