# MoCo v3 (arXiv:2104.02057). mmpretrain's ResNet recipe, with hidden layers
# twice as wide as the features; views: BYOL's, which the paper takes.
_base_ = ['../views/asymmetric.py', '../backbones/resnet18.py']

model = dict(
    host='MoCoV3',
    base_momentum=0.01,
    neck=dict(
        type='NonLinearNeck',
        in_channels=512,
        hid_channels=1024,
        out_channels=256,
        num_layers=2,
        with_bias=False,
        with_last_bn=True,
        with_last_bn_affine=False,
        with_last_bias=False,
        with_avg_pool=True),
    head=dict(
        type='MoCoV3Head',
        predictor=dict(
            type='NonLinearNeck',
            in_channels=256,
            hid_channels=1024,
            out_channels=256,
            num_layers=2,
            with_bias=False,
            with_last_bn=False,
            with_last_bn_affine=False,
            with_last_bias=False,
            with_avg_pool=False),
        loss=dict(type='CrossEntropyLoss', loss_weight=2.0),
        temperature=1.0))
