# SimSiam (arXiv:2011.10566). Widths and the projector's two layers: its
# appendix D, for CIFAR-10; crops of at least 0.2 of the image, its own.
_base_ = ['../views/symmetric.py', '../backbones/resnet18.py']

model = dict(
    host='SimSiam',
    neck=dict(
        type='NonLinearNeck',
        in_channels=512,
        hid_channels=2048,
        out_channels=2048,
        num_layers=2,
        with_last_bn_affine=False,
        with_avg_pool=True),
    head=dict(
        type='LatentPredictHead',
        predictor=dict(
            type='NonLinearNeck',
            in_channels=2048,
            hid_channels=512,
            out_channels=2048,
            num_layers=2,
            with_last_bn=False,
            with_last_bias=True,
            with_avg_pool=False),
        loss=dict(type='CosineSimilarityLoss')))
