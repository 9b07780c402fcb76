# BYOL (arXiv:2006.07733). Widths and momentum: the code released with the
# RELA paper (hidden width twice the feature width, output 256, 0.99); views:
# BYOL's own, table 6, without blur, as that code has them at 32 pixels.
model = dict(
    type='Rela',
    host='BYOL',
    base_momentum=0.01,
    backbone=dict(
        type='ResNet_CIFAR',
        depth=18,
        norm_cfg=dict(type='SyncBN'),
        zero_init_residual=False),
    neck=dict(
        type='NonLinearNeck',
        in_channels=512,
        hid_channels=1024,
        out_channels=256,
        num_layers=2,
        with_bias=True,
        with_last_bn=False,
        with_avg_pool=True),
    head=dict(
        type='LatentPredictHead',
        predictor=dict(
            type='NonLinearNeck',
            in_channels=256,
            hid_channels=1024,
            out_channels=256,
            num_layers=2,
            with_bias=True,
            with_last_bn=False,
            with_avg_pool=False),
        loss=dict(type='CosineSimilarityLoss')),
    rela_head=dict(type='RelaHead', out_channels=512))

_common = [
    dict(type='NativeResizedCrop', crop_ratio_range=(0.08, 1.0)),
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
]
strong_pipeline = [
    dict(
        type='MultiView',
        num_views=[1, 1],
        transforms=[
            _common, _common + [dict(type='Solarize', thr=128, prob=0.2)]
        ]),
    dict(type='PackInputs')
]
