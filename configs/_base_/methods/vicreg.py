# VICReg (arXiv:2105.04906): the paper's coefficients; expander and views are
# solo-learn's for CIFAR-10 (2048 wide, a quarter of the paper's; no blur).
model = dict(
    type='Rela',
    host='VICReg',
    backbone=dict(
        type='ResNet_CIFAR',
        depth=18,
        norm_cfg=dict(type='SyncBN'),
        zero_init_residual=False),
    neck=dict(
        type='NonLinearNeck',
        in_channels=512,
        hid_channels=2048,
        out_channels=2048,
        num_layers=3,
        with_bias=True,
        with_last_bn=False,
        with_avg_pool=True),
    head=dict(
        type='VICRegHead', sim_coeff=25., std_coeff=25., cov_coeff=1.),
    rela_head=dict(type='RelaHead', out_channels=512))

strong_pipeline = [
    dict(
        type='MultiView',
        num_views=2,
        transforms=[[
            dict(type='NativeResizedCrop', crop_ratio_range=(0.2, 1.0)),
            dict(type='RandomFlip', prob=0.5),
            dict(
                type='RandomApply',
                prob=0.8,
                transforms=[
                    dict(
                        type='ColorJitter',
                        brightness=0.4,
                        contrast=0.4,
                        saturation=0.2,
                        hue=0.1)
                ]),
            dict(
                type='RandomGrayscale',
                prob=0.2,
                keep_channels=True,
                channel_weights=(0.299, 0.587, 0.114)),
            dict(type='Solarize', thr=128, prob=0.1),
        ]]),
    dict(type='PackInputs')
]
