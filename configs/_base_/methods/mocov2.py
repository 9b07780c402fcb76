# MoCo v2 (arXiv:2003.04297). Queue, temperature and momentum: its authors'
# CIFAR-10 demo (4096, 0.1, 0.99); crops of at least 0.2 of the image, its own.
_base_ = ['../views/symmetric.py', '../backbones/resnet18.py']

model = dict(
    host='MoCo',
    queue_len=4096,
    feat_dim=128,
    momentum=0.01,
    backbone=dict(norm_cfg=dict(type='BN')),  # MoCo shuffles over ranks instead
    neck=dict(
        type='MoCoV2Neck',
        in_channels=512,
        hid_channels=512,
        out_channels=128,
        with_avg_pool=True),
    head=dict(
        type='ContrastiveHead',
        loss=dict(type='CrossEntropyLoss'),
        temperature=0.1))
