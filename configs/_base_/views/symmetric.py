# SimCLR's distortions at half strength, without blur: its own choice for
# CIFAR-10 (arXiv:2002.05709, appendix B.9). A method crops before them.
distortions = [
    dict(type='RandomFlip', prob=0.5),
    dict(
        type='RandomApply',
        prob=0.8,
        transforms=[
            dict(
                type='ColorJitter',
                brightness=0.4,
                contrast=0.4,
                saturation=0.4,
                hue=0.1)
        ]),
    dict(
        type='RandomGrayscale',
        prob=0.2,
        keep_channels=True,
        channel_weights=(0.299, 0.587, 0.114)),
]
# MoCo's and SimSiam's crops; other methods have their own.
strong_pipeline = [
    dict(
        type='MultiView',
        num_views=2,
        transforms=[[
            dict(type='NativeResizedCrop', crop_ratio_range=(0.2, 1.0)),
            *distortions,
        ]]),
    dict(type='PackInputs')
]
