# MoCo v2 (arXiv:2003.04297). Queue, temperature and momentum: its authors'
# CIFAR-10 demo (4096, 0.1, 0.99); crops of at least 0.2 of the image, its own.
_base_ = '../views/symmetric.py'

model = dict(
    type='Rela',
    host='MoCo',
    queue_len=4096,
    feat_dim=128,
    momentum=0.01,
    backbone=dict(
        type='ResNet_CIFAR',
        depth=18,
        norm_cfg=dict(type='BN'),
        zero_init_residual=False),
    neck=dict(
        type='MoCoV2Neck',
        in_channels=512,
        hid_channels=512,
        out_channels=128,
        with_avg_pool=True),
    head=dict(
        type='ContrastiveHead',
        loss=dict(type='CrossEntropyLoss'),
        temperature=0.1),
    rela_head=dict(type='RelaHead', out_channels=512))

strong_pipeline = [
    dict(
        type='MultiView',
        num_views=2,
        transforms=[[
            dict(type='NativeResizedCrop', crop_ratio_range=(0.2, 1.0)),
            *_base_.distortions,
        ]]),
    dict(type='PackInputs')
]
