# DINO's multi-crop (arXiv:2104.14294): two global views and six local ones, of
# half the side. Distortions as in asymmetric.py.
_distortions = [
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
multicrop_pipeline = [
    dict(
        type='MultiView',
        num_views=[2, 6],
        transforms=[
            [
                dict(type='NativeResizedCrop', crop_ratio_range=(0.4, 1.0)),
                *_distortions,
            ],
            [
                dict(
                    type='RandomResizedCrop',
                    scale=16,
                    crop_ratio_range=(0.05, 0.4)),
                *_distortions,
            ],
        ]),
    dict(type='PackInputs')
]
