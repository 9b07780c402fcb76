# SimCLR (arXiv:2002.05709). Temperature and views: its appendix B.9, for
# CIFAR-10; the projector as wide as the features, to 128.
_base_ = ['../views/symmetric.py', '../backbones/resnet18.py']

model = dict(
    host='SimCLR',
    neck=dict(
        type='NonLinearNeck',
        in_channels=512,
        hid_channels=512,
        out_channels=128,
        num_layers=2,
        with_avg_pool=True),
    head=dict(
        type='ContrastiveHead',
        loss=dict(type='CrossEntropyLoss'),
        temperature=0.5))

strong_pipeline = [
    dict(
        type='MultiView',
        num_views=2,
        transforms=[[
            dict(type='NativeResizedCrop', crop_ratio_range=(0.08, 1.0)),
            *_base_.distortions,
        ]]),
    dict(type='PackInputs')
]
