# DenseCL (arXiv:2011.09157). mmpretrain's recipe with the queue, temperature,
# momentum and views of `mocov2.py`, which it extends.
_base_ = '../views/symmetric.py'

model = dict(
    type='Rela',
    host='DenseCL',
    queue_len=4096,
    feat_dim=128,
    momentum=0.01,
    loss_lambda=0.5,
    backbone=dict(
        type='ResNet_CIFAR',
        depth=18,
        norm_cfg=dict(type='BN'),
        zero_init_residual=False),
    neck=dict(
        type='DenseCLNeck',
        in_channels=512,
        hid_channels=512,
        out_channels=128,
        num_grid=None),
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
