# BYOL (arXiv:2006.07733). Widths and momentum: the code released with the
# RELA paper (hidden width twice the feature width, output 256, 0.99).
_base_ = ['../views/asymmetric.py', '../backbones/resnet18.py']

model = dict(
    host='BYOL',
    base_momentum=0.01,
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
        loss=dict(type='CosineSimilarityLoss')))
