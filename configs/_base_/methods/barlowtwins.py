# Barlow Twins (arXiv:2103.03230). mmpretrain's recipe with a projector of
# 2048, a quarter of its width on ImageNet; views: BYOL's, which it takes.
_base_ = ['../views/asymmetric.py', '../backbones/resnet18.py']

model = dict(
    host='BarlowTwins',
    neck=dict(
        type='NonLinearNeck',
        in_channels=512,
        hid_channels=2048,
        out_channels=2048,
        num_layers=3,
        with_last_bn=False,
        with_last_bn_affine=False,
        with_avg_pool=True,
        init_cfg=dict(
            type='Kaiming', distribution='uniform', layer=['Linear'])),
    head=dict(
        type='LatentCrossCorrelationHead',
        in_channels=2048,
        loss=dict(type='CrossCorrelationLoss')))
